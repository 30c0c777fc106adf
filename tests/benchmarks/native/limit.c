/* The limit of the kernel's socket path: a client that reads the events and writes their ACKs.
 *
 *     limit --port P --devices N --channel-size S
 *
 * Its one rule: the same start-up, the same bytes in and the same number and size of frames out as a
 * real device, and no other work. It counts WebSocket frames by their lengths; no STOMP head, no
 * JSON and no clock is looked at, and the ACK is a text prepared once. All ACKs of one read leave
 * in one send, as any client could have it. It obeys the same lines as the other clients: prints
 * `ready`, waits for `go`, and on SIGTERM prints what it counted. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EPOLL_BATCH = 512,
    READ_BYTES = 256 * 1024,
    BURST_BYTES = 16 * 1024,
    /* Devices that are between connecting and active at any time. */
    STARTING_MAX = 64,
    ACK_BYTES = 109,
};

/* What a device waits for before it sends the next part of the start-up, in frames. */
enum step {
    UPGRADING,
    CONNECTING,
    READING_USER,
    READING_WRITE_GRANT,
    READING_READ_GRANT,
    SUBSCRIBING_USER,
    READING_CHANNEL,
    SUBSCRIBING_SELF,
    SUBSCRIBING_CHANNEL,
    ACTIVE,
};

static const int FRAMES_AWAITED[] = {
    [UPGRADING] = 0,         [CONNECTING] = 1,          [READING_USER] = 1,
    [READING_WRITE_GRANT] = 1, [READING_READ_GRANT] = 1, [SUBSCRIBING_USER] = 14,
    [READING_CHANNEL] = 1,   [SUBSCRIBING_SELF] = 1,    [SUBSCRIBING_CHANNEL] = 10,
};

static const char *const USER_TOPICS[] = {
    "",          ".elements",      ".features",      ".styles",   ".channels",
    ".messages", ".read_receipts", ".notifications", ".contacts", ".participants",
    ".users",    ".reactions",     ".threads",       ".calls",
};

static const char *const CHANNEL_TOPICS[] = {
    ".messages",  ".keystrokes", ".typing",  ".participants",  ".read_receipts",
    ".reactions", ".events",     ".members", ".block_records", ".moderators",
};

struct device {
    int fd;
    uint32_t number;
    uint32_t frames;   /* Seen in the present step. */
    uint32_t skip;     /* Bytes of the present frame still to come. */
    uint8_t head[10];  /* The present frame's header, as far as it came. */
    uint8_t head_bytes;
    uint8_t step;
};

static struct {
    uint16_t port;
    uint32_t devices;
    uint32_t channel_size;
} arguments;

static struct device *devices;
static uint32_t started, starting;
static uint64_t recorded;
static int epoll_fd;
static uint8_t ack[ACK_BYTES];
static volatile sig_atomic_t is_ending;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void end(int number) {
    (void)number;
    is_ending = 1;
}

/* --- writing ------------------------------------------------------------------------------ */

struct burst {
    size_t count;
    uint8_t bytes[BURST_BYTES];
};

/* Append a masked text frame with its NUL. The mask is constant: its value costs nothing to apply
 * beyond the XOR that every client pays. */
static void append(struct burst *burst, const char *text) {
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    size_t count = strlen(text) + 1;
    uint8_t *out = burst->bytes + burst->count;
    *out++ = 0x81;
    if (count < 126) {
        *out++ = (uint8_t)(0x80 | count);
    } else {
        *out++ = 0x80 | 126;
        *out++ = (uint8_t)(count >> 8);
        *out++ = (uint8_t)count;
    }
    memcpy(out, mask, 4);
    out += 4;
    for (size_t i = 0; i < count; i++)
        *out++ = (uint8_t)text[i] ^ mask[i & 3];
    burst->count = (size_t)(out - burst->bytes);
}

static void subscribe(struct burst *burst, uint32_t number, int index, const char *destination,
                      bool has_receipt) {
    char text[768], receipt[96] = "";
    if (has_receipt)
        snprintf(receipt, sizeof receipt,
                 "receipt:receipt-%08x-0000-4000-8000-%012x\nack:client-individual\n", number,
                 index);
    snprintf(text, sizeof text,
             "SUBSCRIBE\nid:subscription-id-%08x-0000-4000-8000-%012x\n%sdestination:%s\n\n", number,
             index, receipt, destination);
    append(burst, text);
}

static void subscribe_topics(struct burst *burst, uint32_t number, const char *topic,
                             const char *const *names, int count) {
    char destination[256 + 32];
    for (int i = 0; i < count; i++) {
        snprintf(destination, sizeof destination, "%s%s", topic, names[i]);
        subscribe(burst, number, 100 + i, destination, true);
    }
}

static void send_all(const struct device *device, const uint8_t *bytes, size_t count) {
    /* The send buffer holds more than one read can cause, so a short write is a defect. */
    if (send(device->fd, bytes, count, MSG_NOSIGNAL) != (ssize_t)count)
        fail("send");
}

/* Write what a device says on entering a step. */
static void enter(struct device *device, enum step step) {
    struct burst burst = {0};
    char text[256];
    uint32_t channel = 1 + (device->number - 1) / arguments.channel_size;
    device->step = (uint8_t)step;
    device->frames = 0;
    switch (step) {
    case CONNECTING:
        snprintf(text, sizeof text,
                 "CONNECT\nStompX-User:device-%u\nStompX-User-Agent:ChatKitty-ChatUI/2.106.2\n"
                 "accept-version:1.2\nheart-beat:60000,10000\n\n",
                 device->number);
        append(&burst, text);
        break;
    case READING_USER:
        subscribe(&burst, device->number, 1, "/application/user.relay", false);
        break;
    case READING_WRITE_GRANT:
        subscribe(&burst, device->number, 2, "/user/queue/errors", false);
        subscribe(&burst, device->number, 3, "/application/user.write_file_access_grant.relay",
                  false);
        break;
    case READING_READ_GRANT:
        subscribe(&burst, device->number, 4, "/application/user.read_file_access_grant.relay",
                  false);
        break;
    case SUBSCRIBING_USER:
        snprintf(text, sizeof text, "/topic/users/%u", device->number);
        subscribe_topics(&burst, device->number, text, USER_TOPICS,
                         sizeof USER_TOPICS / sizeof *USER_TOPICS);
        break;
    case READING_CHANNEL:
        snprintf(text, sizeof text, "/application/channels/%u.relay", channel);
        subscribe(&burst, device->number, 5, text, false);
        break;
    case SUBSCRIBING_SELF:
        snprintf(text, sizeof text, "/topic/channels/%u", channel);
        subscribe(&burst, device->number, 6, text, true);
        break;
    case SUBSCRIBING_CHANNEL:
        snprintf(text, sizeof text, "/topic/channels/%u", channel);
        subscribe_topics(&burst, device->number, text, CHANNEL_TOPICS,
                         sizeof CHANNEL_TOPICS / sizeof *CHANNEL_TOPICS);
        break;
    default:
        starting--;
        return;
    }
    send_all(device, burst.bytes, burst.count);
}

/* --- reading ------------------------------------------------------------------------------ */

/* Count the frames that end in these bytes. */
static uint32_t count_frames(struct device *device, const uint8_t *bytes, size_t count) {
    uint32_t frames = 0;
    while (count > 0) {
        if (device->skip >= count) {
            device->skip -= (uint32_t)count;
            return frames + (device->skip == 0);
        }
        if (device->skip > 0) {
            bytes += device->skip, count -= device->skip;
            device->skip = 0;
            frames++;
        }
        device->head[device->head_bytes++] = *bytes++, count--;
        if (device->head_bytes == 2 && device->head[1] < 126) {
            device->skip = device->head[1];
            device->head_bytes = 0;
        } else if (device->head_bytes == 4 && device->head[1] == 126) {
            device->skip = (uint32_t)device->head[2] << 8 | device->head[3];
            device->head_bytes = 0;
        }
    }
    return frames;
}

static void acknowledge(const struct device *device, uint32_t frames) {
    static uint8_t acks[READ_BYTES];
    size_t count = 0;
    recorded += frames;
    for (; frames > 0 && count + ACK_BYTES <= sizeof acks; frames--, count += ACK_BYTES)
        memcpy(acks + count, ack, ACK_BYTES);
    if (count > 0)
        send_all(device, acks, count);
}

static void serve(struct device *device) {
    static uint8_t bytes[READ_BYTES];
    ssize_t received = recv(device->fd, bytes, sizeof bytes, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (received <= 0) {
        /* The server went away: only the end of the benchmark does that. */
        is_ending = 1;
        return;
    }
    if (device->step == UPGRADING) {
        /* The feeder answers an upgrade in one short send, and nothing follows it unasked. */
        enter(device, CONNECTING);
        return;
    }
    uint32_t frames = count_frames(device, bytes, (size_t)received);
    if (device->step == ACTIVE) {
        acknowledge(device, frames);
        return;
    }
    device->frames += frames;
    if (device->frames >= (uint32_t)FRAMES_AWAITED[device->step])
        enter(device, device->step + 1);
}

/* --- starting ----------------------------------------------------------------------------- */

static void start_device(struct device *device) {
    char request[512];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(arguments.port)};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    device->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (device->fd < 0)
        fail("socket (raise the limit of open files: ulimit -n)");
    setsockopt(device->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    /* On the loopback a connect is answered at once: it need not be awaited through epoll. */
    if (connect(device->fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("connect");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = device};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, device->fd, &event);
    int count = snprintf(request, sizeof request,
                         "GET /rtm/websocket?api-key=benchmark HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                         "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n"
                         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: v12.stomp\r\n\r\n",
                         arguments.port);
    send_all(device, (uint8_t *)request, (size_t)count);
    device->number = ++started;
    starting++;
}

static void read_arguments(int count, char **words) {
    for (int i = 1; i + 1 < count; i += 2) {
        uint32_t value = (uint32_t)strtoul(words[i + 1], NULL, 10);
        if (strcmp(words[i], "--port") == 0)
            arguments.port = (uint16_t)value;
        else if (strcmp(words[i], "--devices") == 0)
            arguments.devices = value;
        else if (strcmp(words[i], "--channel-size") == 0)
            arguments.channel_size = value;
    }
    if (arguments.port == 0 || arguments.devices == 0 || arguments.channel_size == 0) {
        fprintf(stderr, "limit: needs --port, --devices and --channel-size, each above 0\n");
        exit(2);
    }
}

static void prepare_ack(void) {
    struct burst burst = {0};
    append(&burst, "ACK\nid:00000000-000000000000000000\nsubscription:"
                   "subscription-id-00000000-0000-4000-8000-000000000000\n\n");
    if (burst.count != ACK_BYTES) {
        fprintf(stderr, "limit: an ACK has %zu bytes, not %d\n", burst.count, ACK_BYTES);
        exit(1);
    }
    memcpy(ack, burst.bytes, ACK_BYTES);
}

int main(int count, char **words) {
    static struct epoll_event ready[EPOLL_BATCH];
    char line[16];
    struct rlimit limit;
    struct sigaction action = {.sa_handler = end};
    read_arguments(count, words);
    prepare_ack();
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    sigaction(SIGTERM, &action, NULL);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    devices = calloc(arguments.devices, sizeof *devices);
    if (devices == NULL)
        fail("calloc");
    printf("ready\n");
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL)
        return 1;
    while (!is_ending) {
        while (started < arguments.devices && starting < STARTING_MAX)
            start_device(&devices[started]);
        int ready_count = epoll_wait(epoll_fd, ready, EPOLL_BATCH, -1);
        for (int i = 0; i < ready_count && !is_ending; i++)
            serve(ready[i].data.ptr);
    }
    printf("{\"recorded\":%llu}\n", (unsigned long long)recorded);
    return 0;
}
