/* The server side of WebSocket as far as a benchmark needs it: upgrade, headers, unmasking.
 *
 * Its one rule: nothing here reads a socket or allocates memory. Fragments and extensions are not
 * here: no client under test sends them, and the feeder refuses one that does. */

#ifndef BENCH_WEBSOCKET_H
#define BENCH_WEBSOCKET_H

#include <stddef.h>
#include <stdint.h>

enum {
    WS_OPCODE_TEXT = 0x1,
    WS_OPCODE_BINARY = 0x2,
    WS_OPCODE_CLOSE = 0x8,
    WS_OPCODE_PING = 0x9,
    WS_OPCODE_PONG = 0xA,
    WS_HEADER_MAX_BYTES = 14,
};

/* The header of one frame from a client. */
struct ws_header {
    size_t header_bytes;
    size_t payload_bytes;
    uint8_t opcode;
    uint8_t is_final;
    uint8_t is_masked;
    uint8_t mask[4];
};

/* Read a frame header. Returns 1 if it is complete, 0 if more bytes are needed. */
int ws_read_header(const uint8_t *bytes, size_t count, struct ws_header *header);

/* Write the header of an unmasked, unfragmented frame; returns its length (2, 4 or 10). */
size_t ws_write_header(uint8_t *out, uint8_t opcode, size_t payload_bytes);

/* Apply a mask in place. */
void ws_unmask(uint8_t *payload, size_t count, const uint8_t mask[4]);

/* Write the value of Sec-WebSocket-Accept for a key, 28 characters and a NUL. */
void ws_accept_key(const char *key, size_t key_length, char out[29]);

#endif
