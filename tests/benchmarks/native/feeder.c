/* The feeding server of the benchmarks: so cheap that the client is what is measured.
 *
 *     feeder --devices N [--heart-beat 10000,10000] [--run 00000000] [--fan-out] [--busy]
 *
 * It speaks enough WebSocket, STOMP and StompX for real devices (chat.h), waits until N of them have
 * an active chat session, and then obeys lines on its standard input:
 *
 *     feed rate=20000 seconds=3 window=1024   deliveries a second (0: as fast as the window lets)
 *     watch seconds=3                         feed nothing; count what devices cause (--fan-out)
 *     quit
 *
 * It says what happens as one JSON object a line: listening, first, active, feeding, fed. A fed
 * message goes to all subscriptions of one channel, channel after channel. `window` bounds the
 * deliveries without an ACK; 0 is for a client that sends none. With --busy it never sleeps during a
 * feed, so that no client pays for waking it: a slow client's server sleeps, a fast one's does not. */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "chat.h"
#include "connection.h"

enum {
    EPOLL_BATCH = 512,
    /* Deliveries between two looks at the sockets. */
    BURST_DELIVERIES = 256,
    BEAT_SLICES = 100,
};

#define NS_PER_S 1000000000ull
#define NS_PER_MS 1000000ull
/* A feed ends when its last ACK is in, or when none has come for this long. */
#define QUIET_NS (1000 * NS_PER_MS)

static struct {
    bool is_running;
    double rate_per_s;
    uint64_t window;
    uint64_t start_ns, end_ns;
    uint64_t planned; /* Deliveries begun, whether or not a slow reader made us skip them. */
    uint64_t last_ack_ns, last_seen_acks;
    uint64_t lag_max_ns;
    uint64_t cpu_ns;
    struct chat_counts before;
    uint64_t skipped_before;
} feed;

static uint64_t cpu_ns(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
}

/* --- feeding ------------------------------------------------------------------------------ */

static void start_feed(double rate_per_s, double seconds, uint64_t window) {
    uint64_t now = monotonic_ns();
    feed.is_running = true;
    feed.rate_per_s = rate_per_s;
    feed.window = window;
    feed.start_ns = feed.last_ack_ns = now;
    feed.end_ns = now + (uint64_t)(seconds * (double)NS_PER_S);
    feed.before = chat;
    feed.last_seen_acks = chat.acks;
    feed.lag_max_ns = feed.planned = 0;
    feed.skipped_before = transport.skipped;
    feed.cpu_ns = cpu_ns();
    printf("{\"phase\":\"feeding\",\"at_ns\":%llu}\n", (unsigned long long)now);
}

static void finish_feed(uint64_t stop_ns) {
    feed.is_running = false;
    printf("{\"phase\":\"fed\",\"messages\":%llu,\"events\":%llu,\"acks\":%llu,"
           "\"acks_known\":%llu,\"skipped\":%llu,\"duration_ns\":%llu,\"feeder_cpu_ns\":%llu,"
           "\"lag_max_ns\":%llu,\"errors_sent\":%llu,\"stray_frames\":%llu,\"refused\":%llu,"
           "\"active_devices\":%llu}\n",
           (unsigned long long)(chat.messages - feed.before.messages),
           (unsigned long long)(chat.deliveries - feed.before.deliveries),
           (unsigned long long)(chat.acks - feed.before.acks),
           (unsigned long long)(chat.acks_known - feed.before.acks_known),
           (unsigned long long)(transport.skipped - feed.skipped_before),
           (unsigned long long)(stop_ns - feed.start_ns),
           (unsigned long long)(cpu_ns() - feed.cpu_ns), (unsigned long long)feed.lag_max_ns,
           (unsigned long long)chat.errors_sent, (unsigned long long)chat.stray_frames,
           (unsigned long long)transport.refused, (unsigned long long)chat.active_devices);
}

/* Feed what is due. Returns how long the loop may sleep, in ms. */
static int feed_due(uint64_t now) {
    for (uint32_t burst = 0; burst < BURST_DELIVERIES;) {
        uint64_t events = chat.deliveries - feed.before.deliveries;
        uint64_t acks = chat.acks - feed.before.acks;
        uint64_t due_ns = now;
        uint32_t fan_out = chat_next_fan_out();
        if (fan_out == 0)
            return 1;
        /* A message larger than the window still goes out, alone. */
        if (feed.window > 0 && events > acks && events - acks + fan_out > feed.window)
            return 1;
        if (feed.rate_per_s > 0) {
            /* From the count, not by adding up gaps; a late message keeps its due time. */
            due_ns = feed.start_ns +
                     (uint64_t)((double)feed.planned / feed.rate_per_s * (double)NS_PER_S);
            if (due_ns > now)
                return 1;
            if (now - due_ns > feed.lag_max_ns)
                feed.lag_max_ns = now - due_ns;
        }
        chat_feed(due_ns);
        feed.planned += fan_out;
        burst += fan_out;
    }
    return 0;
}

/* Advance the feed. Returns how long the loop may sleep, in ms. */
static int step_feed(bool is_watching) {
    uint64_t now = monotonic_ns();
    uint64_t events = chat.deliveries - feed.before.deliveries;
    uint64_t acks = chat.acks - feed.before.acks;
    if (chat.acks != feed.last_seen_acks) {
        feed.last_seen_acks = chat.acks;
        feed.last_ack_ns = now;
    }
    if (now < feed.end_ns)
        return is_watching ? 1 : feed_due(now);
    if (is_watching || feed.window == 0 || acks >= events)
        finish_feed(now);
    else if (now - feed.last_ack_ns > QUIET_NS)
        finish_feed(feed.last_ack_ns > feed.end_ns ? feed.last_ack_ns : feed.end_ns);
    return 1;
}

/* --- commands ----------------------------------------------------------------------------- */

static double argument(const char *line, const char *name, double otherwise) {
    const char *found = strstr(line, name);
    return found == NULL ? otherwise : strtod(found + strlen(name), NULL);
}

static bool is_watching, is_busy;

static void obey(const char *line) {
    if (strncmp(line, "quit", 4) == 0)
        exit(0);
    is_watching = strncmp(line, "watch", 5) == 0;
    if (is_watching || strncmp(line, "feed", 4) == 0)
        start_feed(argument(line, "rate=", 0), argument(line, "seconds=", 3),
                   (uint64_t)argument(line, "window=", 1024));
    else
        fprintf(stderr, "feeder: unknown command %s\n", line);
}

/* The end of the input ends the feeder, so that it never outlives the benchmark. */
static void read_commands(void) {
    static char line[1024];
    static size_t filled;
    ssize_t count = read(STDIN_FILENO, line + filled, sizeof line - 1 - filled);
    if (count <= 0)
        exit(0);
    filled += (size_t)count;
    line[filled] = '\0';
    for (char *end; (end = strchr(line, '\n')) != NULL;) {
        *end = '\0';
        obey(line);
        filled -= (size_t)(end + 1 - line);
        memmove(line, end + 1, filled + 1);
    }
}

static void read_arguments(int count, char **arguments) {
    settings.heart_beat = "0,0";
    settings.run = "00000000";
    for (int i = 1; i < count; i++) {
        const char *value = i + 1 < count ? arguments[i + 1] : "";
        if (strcmp(arguments[i], "--fan-out") == 0) {
            settings.is_fanning_out = true;
            continue;
        }
        if (strcmp(arguments[i], "--busy") == 0) {
            is_busy = true;
            continue;
        }
        if (strcmp(arguments[i], "--devices") == 0) {
            settings.devices = (uint32_t)strtoul(value, NULL, 10);
        } else if (strcmp(arguments[i], "--heart-beat") == 0) {
            settings.heart_beat = value;
        } else if (strcmp(arguments[i], "--run") == 0) {
            settings.run = value;
        } else {
            fprintf(stderr, "feeder: unknown argument %s\n", arguments[i]);
            exit(2);
        }
        i++;
    }
    if (settings.devices == 0) {
        fprintf(stderr, "feeder: --devices is missing\n");
        exit(2);
    }
}

/* --- the loop ----------------------------------------------------------------------------- */

static void raise_open_files(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void add_to_epoll(int fd, void *tag) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = tag};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        perror("epoll_ctl");
        exit(1);
    }
}

/* Say once that the first device came, and once that all are active. */
static void report_progress(void) {
    static bool has_first, has_all;
    if (!has_first && transport.accepted > 0) {
        has_first = true;
        printf("{\"phase\":\"first\",\"at_ns\":%llu}\n", (unsigned long long)monotonic_ns());
    }
    if (!has_all && chat.active_devices >= settings.devices) {
        has_all = true;
        printf("{\"phase\":\"active\",\"devices\":%llu,\"at_ns\":%llu}\n",
               (unsigned long long)chat.active_devices, (unsigned long long)monotonic_ns());
    }
}

static void beat_if_due(uint64_t period_ns) {
    static uint64_t next_ns;
    static uint32_t slice;
    uint64_t now = monotonic_ns();
    if (now < next_ns)
        return;
    next_ns = now + period_ns / BEAT_SLICES;
    connection_beat(slice++ % BEAT_SLICES, BEAT_SLICES, period_ns);
}

int main(int count, char **arguments) {
    static struct epoll_event ready[EPOLL_BATCH];
    static int commands_tag;
    uint16_t port = 0;
    read_arguments(count, arguments);
    raise_open_files();
    setvbuf(stdout, NULL, _IOLBF, 0);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    int listening_fd = connection_listen(&port);
    add_to_epoll(listening_fd, NULL);
    add_to_epoll(STDIN_FILENO, &commands_tag);
    uint64_t beat_period_ns = strtoul(settings.heart_beat, NULL, 10) * NS_PER_MS;
    printf("{\"phase\":\"listening\",\"port\":%u}\n", port);
    for (;;) {
        int wait_ms = 100;
        if (feed.is_running)
            wait_ms = step_feed(is_watching);
        if (is_busy && transport.accepted > 0)
            wait_ms = 0;
        int ready_count = epoll_wait(epoll_fd, ready, EPOLL_BATCH, wait_ms);
        for (int i = 0; i < ready_count; i++) {
            if (ready[i].data.ptr == NULL)
                connection_accept(listening_fd);
            else if (ready[i].data.ptr == &commands_tag)
                read_commands();
            else
                connection_ready(ready[i].data.ptr, ready[i].events);
        }
        report_progress();
        if (beat_period_ns > 0)
            beat_if_due(beat_period_ns);
    }
}
