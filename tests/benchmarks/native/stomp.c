/* See stomp.h. */

#define _GNU_SOURCE
#include "stomp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool equals(struct text text, const char *other) {
    return text.count == strlen(other) && memcmp(text.at, other, text.count) == 0;
}

bool starts_with(struct text text, const char *prefix) {
    size_t count = strlen(prefix);
    return text.count >= count && memcmp(text.at, prefix, count) == 0;
}

bool ends_with(struct text text, const char *suffix) {
    size_t count = strlen(suffix);
    return text.count >= count && memcmp(text.at + text.count - count, suffix, count) == 0;
}

char *copy(struct text text) {
    char *copied = strndup(text.at, text.count);
    if (copied == NULL) {
        perror("strndup");
        exit(1);
    }
    return copied;
}

struct text header(const struct frame *frame, const char *name) {
    size_t name_length = strlen(name);
    const char *line = frame->headers.at, *end = line + frame->headers.count;
    while (line < end) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if ((size_t)(stop - line) > name_length && line[name_length] == ':' &&
            memcmp(line, name, name_length) == 0) {
            const char *value = line + name_length + 1;
            return (struct text){value, (size_t)(stop - value)};
        }
        line = stop + 1;
    }
    return (struct text){"", 0};
}

ptrdiff_t read_frame(const char *text, size_t count, struct frame *frame) {
    const char *start = text, *end = text + count;
    while (start < end && (*start == '\n' || *start == '\r'))
        start++;
    if (start == end)
        return 0;
    const char *command_end = memchr(start, '\n', (size_t)(end - start));
    const char *head_end = memmem(start, (size_t)(end - start), "\n\n", 2);
    if (command_end == NULL || head_end == NULL)
        return -1;
    const char *body = head_end + 2;
    frame->command = (struct text){start, (size_t)(command_end - start)};
    frame->headers = (struct text){command_end + 1, (size_t)(head_end - command_end)};
    struct text length = header(frame, "content-length");
    size_t body_bytes = length.count > 0 ? strtoul(length.at, NULL, 10)
                                         : strnlen(body, (size_t)(end - body));
    if (body_bytes > (size_t)(end - body))
        return -1;
    frame->body = (struct text){body, body_bytes};
    const char *next = body + body_bytes;
    return next < end ? next + 1 - text : next - text;
}

struct text json_value(struct text json, const char *key, char open) {
    const char *found = memmem(json.at, json.count, key, strlen(key));
    const char *end = json.at + json.count;
    if (found == NULL)
        return (struct text){"", 0};
    const char *start = found + strlen(key), *at = start;
    while (start < end && *start == ' ')
        at = ++start;
    if (start == end || *start != open)
        return (struct text){"", 0};
    bool is_in_string = false;
    for (int depth = 0; at < end; at++) {
        if (*at == '\\') {
            at++;
        } else if (*at == '"') {
            is_in_string = !is_in_string;
            if (open == '"' && !is_in_string)
                return (struct text){start + 1, (size_t)(at - start - 1)};
        } else if (!is_in_string) {
            depth += *at == '{' ? 1 : *at == '}' ? -1 : 0;
            if (depth == 0)
                return (struct text){start, (size_t)(at + 1 - start)};
        }
    }
    return (struct text){"", 0};
}
