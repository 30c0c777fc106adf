/* See websocket.h. SHA-1 and base64 stand here because a benchmark links nothing but libc. */

#include "websocket.h"

#include <string.h>

static uint32_t rotate_left(uint32_t value, int bits) {
    return (value << bits) | (value >> (32 - bits));
}

static void sha1_block(uint32_t state[5], const uint8_t block[64]) {
    uint32_t w[80];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 80; i++)
        w[i] = rotate_left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 80; i++) {
        uint32_t f, k;
        if (i < 20)
            f = (b & c) | (~b & d), k = 0x5A827999;
        else if (i < 40)
            f = b ^ c ^ d, k = 0x6ED9EBA1;
        else if (i < 60)
            f = (b & c) | (b & d) | (c & d), k = 0x8F1BBCDC;
        else
            f = b ^ c ^ d, k = 0xCA62C1D6;
        uint32_t next = rotate_left(a, 5) + f + e + k + w[i];
        e = d, d = c, c = rotate_left(b, 30), b = a, a = next;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

/* SHA-1 of at most 119 bytes, which is two blocks: a handshake key has 60. */
static void sha1_short(const uint8_t *bytes, size_t count, uint8_t digest[20]) {
    uint32_t state[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    uint8_t padded[128] = {0};
    size_t total = count + 9 <= 64 ? 64 : 128;
    memcpy(padded, bytes, count);
    padded[count] = 0x80;
    uint64_t bits = (uint64_t)count * 8;
    for (int i = 0; i < 8; i++)
        padded[total - 1 - i] = (uint8_t)(bits >> (8 * i));
    for (size_t at = 0; at < total; at += 64)
        sha1_block(state, padded + at);
    for (int i = 0; i < 20; i++)
        digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

void ws_accept_key(const char *key, size_t key_length, char out[29]) {
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t text[119], digest[21] = {0};
    if (key_length > sizeof text - sizeof guid)
        key_length = sizeof text - sizeof guid;
    memcpy(text, key, key_length);
    memcpy(text + key_length, guid, sizeof guid - 1);
    sha1_short(text, key_length + sizeof guid - 1, digest);
    /* 20 bytes make 27 letters and one sign of padding. */
    for (int group = 0; group < 7; group++) {
        uint32_t bits = (uint32_t)digest[3 * group] << 16 | (uint32_t)digest[3 * group + 1] << 8 |
                        digest[3 * group + 2];
        for (int letter = 0; letter < 4; letter++)
            out[4 * group + letter] = letters[(bits >> (18 - 6 * letter)) & 63];
    }
    out[27] = '=';
    out[28] = '\0';
}

int ws_read_header(const uint8_t *bytes, size_t count, struct ws_header *header) {
    if (count < 2)
        return 0;
    size_t length = bytes[1] & 0x7F, at = 2;
    if (length == 126) {
        if (count < 4)
            return 0;
        length = (size_t)bytes[2] << 8 | bytes[3];
        at = 4;
    } else if (length == 127) {
        if (count < 10)
            return 0;
        length = 0;
        for (int i = 2; i < 10; i++)
            length = length << 8 | bytes[i];
        at = 10;
    }
    header->is_final = bytes[0] >> 7;
    header->opcode = bytes[0] & 0x0F;
    header->is_masked = bytes[1] >> 7;
    header->payload_bytes = length;
    if (header->is_masked) {
        if (count < at + 4)
            return 0;
        memcpy(header->mask, bytes + at, 4);
        at += 4;
    }
    header->header_bytes = at;
    return 1;
}

size_t ws_write_header(uint8_t *out, uint8_t opcode, size_t payload_bytes) {
    out[0] = 0x80 | opcode;
    if (payload_bytes < 126) {
        out[1] = (uint8_t)payload_bytes;
        return 2;
    }
    if (payload_bytes < 65536) {
        out[1] = 126;
        out[2] = (uint8_t)(payload_bytes >> 8);
        out[3] = (uint8_t)payload_bytes;
        return 4;
    }
    out[1] = 127;
    for (int i = 0; i < 8; i++)
        out[2 + i] = (uint8_t)(payload_bytes >> (56 - 8 * i));
    return 10;
}

void ws_unmask(uint8_t *payload, size_t count, const uint8_t mask[4]) {
    uint32_t word;
    size_t at = 0;
    memcpy(&word, mask, 4);
    for (; at + 4 <= count; at += 4) {
        uint32_t part;
        memcpy(&part, payload + at, 4);
        part ^= word;
        memcpy(payload + at, &part, 4);
    }
    for (; at < count; at++)
        payload[at] ^= mask[at & 3];
}
