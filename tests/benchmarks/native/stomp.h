/* STOMP frames as clients send them, and the few looks into their JSON that a feeder needs.
 *
 * Its one rule: nothing is copied but by `copy`; a `struct text` points into what was read. Escapes
 * are not undone: no client under test sends one in a header that is read here. */

#ifndef BENCH_STOMP_H
#define BENCH_STOMP_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of a received frame; it lives as long as the read. */
struct text {
    const char *at;
    size_t count;
};

struct frame {
    struct text command;
    struct text headers; /* Lines, each with its LF. */
    struct text body;
};

bool equals(struct text text, const char *other);
bool starts_with(struct text text, const char *prefix);
bool ends_with(struct text text, const char *suffix);

/* Return a NUL-terminated copy on the heap. */
char *copy(struct text text);

/* Return the value of the first header of that name; an absent one is empty. */
struct text header(const struct frame *frame, const char *name);

/* Read the next frame of a text. Returns how many bytes it took, 0 at the end, -1 on garbage. */
ptrdiff_t read_frame(const char *text, size_t count, struct frame *frame);

/* Return the raw JSON of the value behind a key: the inside of a string (`open` is a quotation
 * mark), or a whole object (`open` is a brace). Empty if there is none. */
struct text json_value(struct text json, const char *key, char open);

#endif
