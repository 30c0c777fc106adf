/* See connection.h. */

#define _GNU_SOURCE
#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "chat.h"
#include "websocket.h"

enum {
    READ_BYTES = 256 * 1024,
    OUTBOX_BYTES = 256 * 1024,
    CONNECTIONS_MAX = 1 << 20,
    LEFTOVER_MAX_BYTES = 128 * 1024,
    UNSENT_MAX_BYTES = 4 * 1024 * 1024,
};

struct transport_counts transport;
int epoll_fd = -1;

/* Indexed by file descriptor: the kernel gives small numbers, and no table is searched. */
static struct connection *connections[CONNECTIONS_MAX];
static int highest_fd;

/* One frame kept from the last read, and this read, lie side by side here. */
static uint8_t inbox[LEFTOVER_MAX_BYTES + READ_BYTES + 1];

/* Answers to one read leave in one send. */
static struct {
    struct connection *connection;
    size_t count;
    uint8_t bytes[OUTBOX_BYTES];
} outbox;

uint64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

int connection_listen(uint16_t *port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(*port)};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        fail("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("bind");
    if (listen(fd, 4096) < 0)
        fail("listen");
    getsockname(fd, (struct sockaddr *)&address, &length);
    *port = ntohs(address.sin_port);
    return fd;
}

void connection_accept(int listening_fd) {
    static uint32_t next_number = 1;
    for (;;) {
        int fd = accept4(listening_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
        if (fd < 0) {
            if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
                return;
            fail("accept (raise the limit of open files: ulimit -n)");
        }
        if (fd >= CONNECTIONS_MAX) {
            close(fd);
            transport.refused++;
            continue;
        }
        struct connection *connection = calloc(1, sizeof *connection);
        if (connection == NULL)
            fail("calloc");
        connection->fd = fd;
        connection->number = next_number++;
        connections[fd] = connection;
        if (fd > highest_fd)
            highest_fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
            fail("epoll_ctl");
        transport.accepted++;
    }
}

static void close_connection(struct connection *connection) {
    if (outbox.connection == connection) {
        outbox.connection = NULL;
        outbox.count = 0;
    }
    chat_forget(connection);
    connections[connection->fd] = NULL;
    close(connection->fd);
    free(connection->leftover);
    free(connection->unsent);
    free(connection);
    transport.closed++;
}

static void watch(struct connection *connection, uint32_t epoll_events) {
    struct epoll_event event = {.events = epoll_events, .data.ptr = connection};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, connection->fd, &event);
}

static void keep_unsent(struct connection *connection, const uint8_t *bytes, size_t count) {
    uint8_t *grown = realloc(connection->unsent, connection->unsent_bytes + count);
    if (grown == NULL)
        fail("realloc");
    memcpy(grown + connection->unsent_bytes, bytes, count);
    if (connection->unsent_bytes == 0)
        watch(connection, EPOLLIN | EPOLLOUT);
    connection->unsent = grown;
    connection->unsent_bytes += count;
}

bool connection_send(struct connection *connection, const uint8_t *frame, size_t count) {
    if (connection->is_broken)
        return false;
    if (connection->unsent_bytes > 0) {
        if (connection->unsent_bytes + count > UNSENT_MAX_BYTES) {
            transport.skipped++;
            return false;
        }
        keep_unsent(connection, frame, count);
        return true;
    }
    ssize_t sent = send(connection->fd, frame, count, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        connection->is_broken = true;
        return false;
    }
    size_t done = sent < 0 ? 0 : (size_t)sent;
    if (done < count)
        keep_unsent(connection, frame + done, count - done);
    return true;
}

static void send_unsent(struct connection *connection) {
    ssize_t sent =
        send(connection->fd, connection->unsent, connection->unsent_bytes, MSG_NOSIGNAL);
    if (sent < 0) {
        connection->is_broken = errno != EAGAIN && errno != EINTR;
        return;
    }
    connection->unsent_bytes -= (size_t)sent;
    memmove(connection->unsent, connection->unsent + sent, connection->unsent_bytes);
    if (connection->unsent_bytes == 0) {
        free(connection->unsent);
        connection->unsent = NULL;
        watch(connection, EPOLLIN);
    }
}

void connection_flush(void) {
    struct connection *connection = outbox.connection;
    if (connection != NULL && outbox.count > 0) {
        connection_send(connection, outbox.bytes, outbox.count);
        connection->written_ns = monotonic_ns();
    }
    outbox.connection = NULL;
    outbox.count = 0;
}

static void queue_frame(struct connection *connection, uint8_t opcode, const void *payload,
                        size_t count) {
    if (outbox.connection != connection || outbox.count + count + 10 > OUTBOX_BYTES)
        connection_flush();
    if (count + 10 > OUTBOX_BYTES) {
        transport.skipped++;
        return;
    }
    outbox.connection = connection;
    outbox.count += ws_write_header(outbox.bytes + outbox.count, opcode, count);
    memcpy(outbox.bytes + outbox.count, payload, count);
    outbox.count += count;
}

void connection_queue(struct connection *connection, const char *text, size_t count) {
    queue_frame(connection, WS_OPCODE_TEXT, text, count);
}

void connection_beat(uint32_t slice, uint32_t slices, uint64_t period_ns) {
    static const uint8_t beat[] = {0x81, 1, '\n'};
    uint64_t now = monotonic_ns();
    for (int fd = (int)slice; fd <= highest_fd; fd += (int)slices) {
        struct connection *connection = connections[fd];
        if (connection == NULL || !connection->is_upgraded)
            continue;
        if (now - connection->written_ns >= period_ns) {
            connection_send(connection, beat, sizeof beat);
            connection->written_ns = now;
        }
    }
}

/* Find the value of an HTTP header; returns its length, 0 if there is none. */
static size_t http_header(const char *request, const char *name, const char **value) {
    size_t name_length = strlen(name);
    for (const char *line = strstr(request, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, name_length) != 0 || line[name_length] != ':')
            continue;
        *value = line + name_length + 1 + strspn(line + name_length + 1, " ");
        return strcspn(*value, " \r");
    }
    return 0;
}

/* Answer the upgrade. Returns how many bytes it took, 0 if more are needed. */
static size_t upgrade(struct connection *connection, char *request) {
    char *end = strstr(request, "\r\n\r\n");
    if (end == NULL)
        return 0;
    char accept[29], response[256];
    const char *key, *subprotocol;
    end[2] = '\0';
    size_t key_length = http_header(request, "Sec-WebSocket-Key", &key);
    if (key_length == 0) {
        connection->is_broken = true;
        return 0;
    }
    ws_accept_key(key, key_length, accept);
    int count = snprintf(response, sizeof response,
                         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                         "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s\r\n",
                         accept,
                         http_header(request, "Sec-WebSocket-Protocol", &subprotocol) > 0
                             ? "Sec-WebSocket-Protocol: v12.stomp\r\n"
                             : "");
    connection_send(connection, (uint8_t *)response, (size_t)count);
    connection->is_upgraded = true;
    return (size_t)(end + 4 - request);
}

/* Serve one complete frame. Returns false if the connection has to be closed. */
static bool serve_frame(struct connection *connection, const struct ws_header *header,
                        uint8_t *payload) {
    if (!header->is_masked || !header->is_final) {
        transport.refused++;
        return false;
    }
    ws_unmask(payload, header->payload_bytes, header->mask);
    switch (header->opcode) {
    case WS_OPCODE_TEXT:
    case WS_OPCODE_BINARY:
        chat_receive(connection, (char *)payload, header->payload_bytes);
        return true;
    case WS_OPCODE_PING:
        queue_frame(connection, WS_OPCODE_PONG, payload, header->payload_bytes);
        return true;
    case WS_OPCODE_PONG:
        return true;
    case WS_OPCODE_CLOSE:
        queue_frame(connection, WS_OPCODE_CLOSE, payload, header->payload_bytes);
        return false;
    default:
        transport.refused++;
        return false;
    }
}

/* Serve all complete frames. Returns how many bytes they took, SIZE_MAX to close. */
static size_t serve_frames(struct connection *connection, uint8_t *bytes, size_t count) {
    struct ws_header header;
    size_t at = 0;
    while (ws_read_header(bytes + at, count - at, &header)) {
        if (header.payload_bytes > LEFTOVER_MAX_BYTES - WS_HEADER_MAX_BYTES) {
            transport.refused++;
            return SIZE_MAX;
        }
        if (count - at < header.header_bytes + header.payload_bytes)
            break;
        if (!serve_frame(connection, &header, bytes + at + header.header_bytes))
            return SIZE_MAX;
        at += header.header_bytes + header.payload_bytes;
    }
    return at;
}

static void keep_leftover(struct connection *connection, const uint8_t *bytes, size_t count) {
    free(connection->leftover);
    connection->leftover = NULL;
    connection->leftover_bytes = count;
    if (count == 0)
        return;
    connection->leftover = malloc(count);
    if (connection->leftover == NULL)
        fail("malloc");
    memcpy(connection->leftover, bytes, count);
}

void connection_ready(struct connection *connection, uint32_t epoll_events) {
    if (epoll_events & EPOLLOUT && connection->unsent_bytes > 0)
        send_unsent(connection);
    if (!(epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        return;
    size_t kept = connection->leftover_bytes, at = 0;
    if (kept > 0)
        memcpy(inbox, connection->leftover, kept);
    ssize_t received = recv(connection->fd, inbox + kept, READ_BYTES, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR) && !connection->is_broken)
        return;
    if (received <= 0 || connection->is_broken) {
        close_connection(connection);
        return;
    }
    size_t count = kept + (size_t)received;
    if (!connection->is_upgraded) {
        inbox[count] = '\0';
        at = upgrade(connection, (char *)inbox);
    }
    if (connection->is_upgraded) {
        size_t taken = serve_frames(connection, inbox + at, count - at);
        connection_flush();
        if (taken == SIZE_MAX) {
            close_connection(connection);
            return;
        }
        at += taken;
    }
    if (connection->is_broken || count - at > LEFTOVER_MAX_BYTES) {
        close_connection(connection);
        return;
    }
    keep_leftover(connection, inbox + at, count - at);
}
