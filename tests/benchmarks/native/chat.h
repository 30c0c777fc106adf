/* What the feeder answers: enough of StompX for a real dialect 2 device.
 *
 * Its one rule: the start-up sequence, chat sessions, messages and their ACKs are served as the
 * reference server serves them. Membership, presence, typing, read receipts and notifications are
 * not here; an action that would need them gets its RECEIPT and an error. */

#ifndef BENCH_CHAT_H
#define BENCH_CHAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connection.h"

/* A live subscription of a channel's `messages` topic. */
struct subscription {
    struct connection *connection;
    struct channel *channel;
    struct subscription *next; /* Of the same connection. */
    uint32_t index;            /* In the channel's list. */
    uint16_t head_bytes;
    char *id;
    char head[]; /* The MESSAGE head up to and with "message-id:", rendered once. */
};

struct channel {
    char *name;
    struct subscription **subscriptions;
    uint32_t subscription_count;
    uint32_t subscription_capacity;
};

struct chat_settings {
    uint32_t devices;       /* As many active devices are waited for. */
    const char *heart_beat; /* The header of CONNECTED. */
    const char *run;        /* The name of the run in the mark of a fed message. */
    bool is_fanning_out;    /* A SEND of a message is published to its channel. */
};

/* Counters of the life of the process. */
struct chat_counts {
    uint64_t active_devices;
    uint64_t messages;    /* Published, fed or sent by a device. */
    uint64_t deliveries;  /* MESSAGE frames of these, one for each subscription. */
    uint64_t acks;        /* ACK frames. */
    uint64_t acks_known;  /* … that name a delivery to the same connection. */
    uint64_t errors_sent; /* Answers on an errors queue. */
    uint64_t stray_frames;
};

extern struct chat_settings settings;
extern struct chat_counts chat;

/* Serve the STOMP frames of one WebSocket message. */
void chat_receive(struct connection *connection, char *text, size_t count);

/* Forget what a closing connection had. */
void chat_forget(struct connection *connection);

/* Feed one message to the next channel that has subscriptions. */
void chat_feed(uint64_t due_ns);

/* How many deliveries the next message will have; 0 if no channel has a subscription. */
uint32_t chat_next_fan_out(void);

#endif
