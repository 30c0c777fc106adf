/* The JSON of the resources that the feeder shows, and the body of the event that it feeds.
 *
 * Its one rule: the texts follow the reference server's choices in dialect 2, so that a client takes
 * every destination from a link, as it must. Nothing here knows a connection. */

#ifndef BENCH_RESOURCES_H
#define BENCH_RESOURCES_H

#include <stddef.h>
#include <stdint.h>

enum {
    /* The JSON of one fed event; its whole frame has 1 235 bytes. */
    EVENT_JSON_BYTES = 991,
    RESOURCE_MAX_BYTES = 8192,
    EVENT_MAX_BYTES = 65536,
};

/* What differs between two events. Texts are raw JSON, as they stood in the sender's SEND. */
struct message_content {
    uint64_t message_id;
    uint32_t channel_id;
    uint32_t user_id;
    const char *user_name;
    const char *text;
    size_t text_length;
    const char *properties;
    size_t properties_length;
};

/* Each writes a body and returns its length. */
size_t write_current_user(char *out, size_t capacity, uint32_t user_id, const char *user_name);
size_t write_channel(char *out, size_t capacity, const char *type, uint32_t channel_id,
                     const char *channel_name);
size_t write_grant(char *out, size_t capacity);
size_t write_error(char *out, size_t capacity, const char *error, const char *message);

/* Write `channel.message.created`, padded to EVENT_JSON_BYTES unless it is longer by itself. */
size_t write_message_created(char *out, size_t capacity, const struct message_content *content);

/* Write the mark of a fed message, as loadtest/chat/correlation.py has it: run, key, sender,
 * sequence number of that sender in that channel, due and written instant. */
size_t write_mark(char *out, size_t capacity, const char *run, uint64_t key, uint64_t due_ns);

#endif
