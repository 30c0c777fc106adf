/* The connections of the feeder: accept, upgrade, read, write.
 *
 * Its one rule: this layer carries STOMP texts to and from sockets and knows nothing of what they
 * mean; what a frame means is in chat.c. All is one thread, and no call blocks. */

#ifndef BENCH_CONNECTION_H
#define BENCH_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct subscription;

struct connection {
    int fd;
    uint32_t number;
    bool is_upgraded;
    bool is_broken; /* A write failed; the next read closes the connection. */
    uint64_t written_ns;

    /* An incomplete frame, kept only while there is one: an idle connection holds no buffer. */
    uint8_t *leftover;
    size_t leftover_bytes;
    uint8_t *unsent;
    size_t unsent_bytes;

    /* Owned by chat.c. */
    uint32_t user_id;
    uint32_t channel_topic_count;
    bool is_active;
    char *errors_subscription;
    char *channels_subscription;
    char *channels_destination;
    struct subscription *subscriptions;
};

/* Counters of the life of the process; a feed reports differences. */
struct transport_counts {
    uint64_t accepted;
    uint64_t closed;
    uint64_t refused; /* Closed because the peer broke a rule that the feeder relies on. */
    uint64_t skipped; /* Frames not written because a slow reader's buffer was full. */
};

extern struct transport_counts transport;
extern int epoll_fd;

uint64_t monotonic_ns(void);

/* Listen on the loopback; returns the listening socket and stores the port that was chosen. */
int connection_listen(uint16_t *port);

/* Accept all that wait. */
void connection_accept(int listening_fd);

/* Serve one ready socket; may free the connection. */
void connection_ready(struct connection *connection, uint32_t epoll_events);

/* Queue a STOMP text as one WebSocket frame; it leaves when the present read has been served. */
void connection_queue(struct connection *connection, const char *text, size_t count);

/* Send what was queued. */
void connection_flush(void);

/* Send a complete WebSocket frame now. Returns false if a slow reader made us skip it. */
bool connection_send(struct connection *connection, const uint8_t *frame, size_t count);

/* Send a heart-beat to each connection of one slice that was silent for a period. */
void connection_beat(uint32_t slice, uint32_t slices, uint64_t period_ns);

#endif
