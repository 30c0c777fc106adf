/* The usual case of a reader: from the bytes of a socket to what an observation needs.
 *
 * `Scanner.read` takes whole frames from the front of what was read, as long as each is plainly
 * usual, and returns what `reader.PythonReader` would say of them. It stops at the first frame that
 * is anything else: it never decides that something is wrong. Rules stand in the Python code only.
 *
 * Hand-written and not Cython: every step is a check of bytes against an end, which Cython would
 * write as the same C in another syntax, and a build needs nothing but a compiler.
 *
 * Safe on every input: all reading goes through a `Cursor`, which knows its end; nothing recurses
 * but `walk_object`, whose depth is that of the handlers here; nested values that are skipped have
 * a limit; numbers have at most 18 digits, so they fit 64 bits. A function that returns `int`
 * returns 1, or 0 for "not plainly usual".
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

enum { EVENT = 0, RECEIPT = 1 };                                        /* as in reader.py */
enum { OTHER = 0, SUBJECT, MESSAGE, KEYSTROKES, READ_RECEIPT, NOTIFICATION }; /* as in facts.py */

#define INTERFACE 1 /* as in readers.py */
#define TOPICS 16
#define TOPIC_BITS 4
#define ERRORS_QUEUE 15
#define FIRST_RELAY ((uint64_t)1 << 44)
#define PREFIX_BYTES 24
#define NUMBER_DIGITS 12
#define MOST_DIGITS 18
#define MOST_NESTING 64
#define MOST_TYPES 16
#define SHORT_FRAME 125
#define LONG_FRAME 0xFFFF

typedef struct {
    const unsigned char *at;
    const unsigned char *end;
} Cursor;

typedef struct {
    const unsigned char *at;
    Py_ssize_t size;
} Span;

typedef struct {
    PyObject_HEAD
    PyObject *run, *user_rules, *channel_rules, *types, *mark, *separator, *created; /* owned */
    PyObject *thirty_two;
    Span type_texts[MOST_TYPES]; /* of the strings in `types` */
    Py_ssize_t type_count;
} Scanner;

#define IS(span, text) \
    ((span).size == (Py_ssize_t)sizeof(text) - 1 && memcmp((span).at, text, sizeof(text) - 1) == 0)

static int is_object(Span span, PyObject *bytes)
{
    return span.size == PyBytes_GET_SIZE(bytes) &&
           memcmp(span.at, PyBytes_AS_STRING(bytes), (size_t)span.size) == 0;
}

/* --- text ------------------------------------------------------------------------------------ */

#define ONES 0x0101010101010101ull
#define HIGHS 0x8080808080808080ull
/* Some byte of x is below n (n <= 128), or is equal to c. Bytes of 0x80 and more are never below. */
#define HAS_BELOW(x, n) (((x) - ONES * (n)) & ~(x) & HIGHS)
#define HAS_BYTE(x, c) HAS_BELOW((x) ^ (ONES * (c)), 1)

static uint64_t eight_bytes(const unsigned char *at)
{
    uint64_t x;
    memcpy(&x, at, sizeof x);
    return x;
}

static int is_utf8(const unsigned char *at, const unsigned char *end)
{
    while (at < end) {
        unsigned char c = *at;
        int more;
        unsigned char low = 0x80, high = 0xBF;
        if (c < 0x80) {
            while (end - at >= 8 && !(eight_bytes(at) & HIGHS))
                at += 8;
            while (at < end && *at < 0x80)
                at++;
            continue;
        }
        if (c >= 0xC2 && c <= 0xDF) {
            more = 1;
        } else if (c >= 0xE0 && c <= 0xEF) {
            more = 2;
            if (c == 0xE0)
                low = 0xA0; /* no longer than needed */
            if (c == 0xED)
                high = 0x9F; /* no surrogates */
        } else if (c >= 0xF0 && c <= 0xF4) {
            more = 3;
            if (c == 0xF0)
                low = 0x90;
            if (c == 0xF4)
                high = 0x8F; /* up to U+10FFFF */
        } else {
            return 0;
        }
        if (end - at <= more)
            return 0;
        if (at[1] < low || at[1] > high)
            return 0;
        for (int n = 2; n <= more; n++)
            if (at[n] < 0x80 || at[n] > 0xBF)
                return 0;
        at += more + 1;
    }
    return 1;
}

static int hex_value(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Exactly `digits` of them, at most 15. */
static int hex_number(const unsigned char *at, Py_ssize_t digits, uint64_t *number)
{
    uint64_t value = 0;
    for (Py_ssize_t n = 0; n < digits; n++) {
        int digit = hex_value(at[n]);
        if (digit < 0)
            return 0;
        value = value << 4 | (uint64_t)digit;
    }
    *number = value;
    return 1;
}

/* The number in an id that ends in the device's prefix and twelve digits. */
static int number_of_id(Span id, const unsigned char *prefix, uint64_t *number)
{
    if (id.size < PREFIX_BYTES + NUMBER_DIGITS)
        return 0;
    const unsigned char *at = id.at + id.size - PREFIX_BYTES - NUMBER_DIGITS;
    return memcmp(at, prefix, PREFIX_BYTES) == 0 &&
           hex_number(at + PREFIX_BYTES, NUMBER_DIGITS, number);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void skip_space(Cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t'))
        c->at++;
}

static int eat(Cursor *c, unsigned char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return 0;
    c->at++;
    return 1;
}

static int eat_word(Cursor *c, const char *word, size_t size)
{
    if ((size_t)(c->end - c->at) < size || memcmp(c->at, word, size) != 0)
        return 0;
    c->at += size;
    return 1;
}

/* The four digits behind \u, with the second half of a pair; a half alone is left to Python. */
static int skip_unicode_escape(Cursor *c)
{
    uint64_t unit;
    if (c->end - c->at < 4 || !hex_number(c->at, 4, &unit))
        return 0;
    c->at += 4;
    if (unit < 0xD800 || unit > 0xDFFF)
        return 1;
    if (unit > 0xDBFF || c->end - c->at < 6 || c->at[0] != '\\' || c->at[1] != 'u' ||
        !hex_number(c->at + 2, 4, &unit) || unit < 0xDC00 || unit > 0xDFFF)
        return 0;
    c->at += 6;
    return 1;
}

/* A string from its first quote; `text` is what stands between the quotes, as it is. */
static int scan_string(Cursor *c, Span *text, int *has_escape)
{
    if (!eat(c, '"'))
        return 0;
    text->at = c->at;
    *has_escape = 0;
    for (;;) {
        while (c->end - c->at >= 8) {
            uint64_t x = eight_bytes(c->at);
            if (HAS_BELOW(x, 0x20) | HAS_BYTE(x, '"') | HAS_BYTE(x, '\\'))
                break;
            c->at += 8;
        }
        while (c->at < c->end && *c->at != '"' && *c->at != '\\' && *c->at >= 0x20)
            c->at++;
        if (c->at == c->end || *c->at < 0x20)
            return 0;
        if (*c->at == '"') {
            text->size = c->at - text->at;
            c->at++;
            return 1;
        }
        *has_escape = 1;
        c->at++;
        if (c->at == c->end)
            return 0;
        unsigned char escape = *c->at++;
        if (escape == 'u') {
            if (!skip_unicode_escape(c))
                return 0;
        } else if (memchr("\"\\/bfnrt", escape, 8) == NULL) {
            return 0;
        }
    }
}

static int scan_plain_string(Cursor *c, Span *text)
{
    int has_escape;
    return scan_string(c, text, &has_escape) && !has_escape;
}

static int skip_string(Cursor *c)
{
    Span text;
    int has_escape;
    return scan_string(c, &text, &has_escape);
}

static int is_digit(const Cursor *c)
{
    return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

/* Digits as JSON has them: no zero in front, at most 18. */
static int scan_digits(Cursor *c, uint64_t *value)
{
    const unsigned char *start = c->at;
    *value = 0;
    while (is_digit(c)) {
        if (c->at - start == MOST_DIGITS)
            return 0;
        *value = *value * 10 + (uint64_t)(*c->at++ - '0');
    }
    return c->at > start && (*start != '0' || c->at - start == 1);
}

static int scan_whole_number(Cursor *c, uint64_t *value)
{
    return scan_digits(c, value) &&
           (c->at == c->end || (*c->at != '.' && *c->at != 'e' && *c->at != 'E'));
}

/* Any number of moderate length; one with an exponent is left to Python. */
static int skip_number(Cursor *c)
{
    uint64_t value;
    (void)eat(c, '-');
    if (!scan_digits(c, &value))
        return 0;
    if (eat(c, '.')) {
        const unsigned char *start = c->at;
        while (is_digit(c) && c->at - start <= MOST_DIGITS)
            c->at++;
        if (c->at == start || is_digit(c))
            return 0;
    }
    return c->at == c->end || (*c->at != 'e' && *c->at != 'E');
}

static int skip_scalar(Cursor *c)
{
    if (c->at == c->end)
        return 0;
    switch (*c->at) {
    case '"':
        return skip_string(c);
    case 't':
        return eat_word(c, "true", 4);
    case 'f':
        return eat_word(c, "false", 5);
    case 'n':
        return eat_word(c, "null", 4);
    default:
        return skip_number(c);
    }
}

static int skip_key(Cursor *c)
{
    skip_space(c);
    if (!skip_string(c))
        return 0;
    skip_space(c);
    return eat(c, ':');
}

/* Any value; its nesting is kept in the bits of one number, 1 for an object. */
static int skip_value(Cursor *c)
{
    uint64_t objects = 0;
    int depth = 0;
    for (;;) {
        skip_space(c);
        int is_object_open = eat(c, '{');
        if (is_object_open || eat(c, '[')) {
            if (depth == MOST_NESTING)
                return 0;
            depth++;
            objects = objects << 1 | (uint64_t)is_object_open;
            skip_space(c);
            if (c->at < c->end && *c->at != (is_object_open ? '}' : ']')) {
                if (is_object_open && !skip_key(c))
                    return 0;
                continue;
            }
        } else if (!skip_scalar(c)) {
            return 0;
        }
        for (;;) { /* behind a value */
            if (depth == 0)
                return 1;
            skip_space(c);
            if (eat(c, ',')) {
                if (objects & 1 && !skip_key(c))
                    return 0;
                break;
            }
            if (!eat(c, objects & 1 ? '}' : ']'))
                return 0;
            objects >>= 1;
            depth--;
        }
    }
}

/* Takes one member of an object: the cursor stands at its value. */
typedef int (*Take)(Cursor *c, Span key, void *context);

static int walk_object(Cursor *c, Take take, void *context)
{
    if (!eat(c, '{'))
        return 0;
    skip_space(c);
    if (eat(c, '}'))
        return 1;
    for (;;) {
        Span key;
        skip_space(c);
        if (!scan_plain_string(c, &key)) /* an escape may spell a name that counts */
            return 0;
        skip_space(c);
        if (!eat(c, ':'))
            return 0;
        skip_space(c);
        if (!take(c, key, context))
            return 0;
        skip_space(c);
        if (!eat(c, ','))
            return eat(c, '}');
    }
}

/* --- what the rules read --------------------------------------------------------------------- */

/* A name that counts and comes twice is left to Python: `seen` has one bit for each. */
enum {
    SEEN_TYPE = 1 << 0,
    SEEN_RESOURCE = 1 << 1,
    SEEN_ID = 1 << 2,
    SEEN_PROPERTIES = 1 << 3,
    SEEN_MARK = 1 << 4,
    SEEN_RELAYS = 1 << 5,
    SEEN_PARENT = 1 << 6,
    SEEN_MESSAGE = 1 << 7,
    SEEN_KEYS = 1 << 8,
    SEEN_PARTY = 1 << 9,
    SEEN_PARTY_ID = 1 << 10,
    SEEN_DATA = 1 << 11,
    SEEN_DATA_TYPE = 1 << 12,
    SEEN_LINKED_MESSAGE = 1 << 13
};

typedef struct {
    const Scanner *scanner;
    int rule;
    unsigned seen;
    Span type;
    uint64_t subject;
    int has_key;
    uint64_t key;
    uint64_t party;
    Span link; /* at is NULL: none */
} Facts;

static int once(Facts *facts, unsigned bit)
{
    if (facts->seen & bit)
        return 0;
    facts->seen |= bit;
    return 1;
}

static int eat_null(Cursor *c)
{
    return eat_word(c, "null", 4);
}

/* [run, key, sender, sequence, due, written] */
static int scan_mark(Cursor *c, Facts *facts)
{
    Span run;
    uint64_t numbers[5];
    if (!eat(c, '['))
        return 0;
    skip_space(c);
    if (!scan_plain_string(c, &run))
        return 0;
    for (int n = 0; n < 5; n++) {
        skip_space(c);
        if (!eat(c, ','))
            return 0;
        skip_space(c);
        if (!scan_whole_number(c, &numbers[n]))
            return 0;
    }
    skip_space(c);
    if (!eat(c, ']'))
        return 0;
    facts->has_key = is_object(run, facts->scanner->run);
    facts->key = numbers[0];
    return 1;
}

static int take_property(Cursor *c, Span key, void *context)
{
    Facts *facts = context;
    if (!is_object(key, facts->scanner->mark))
        return skip_value(c);
    return once(facts, SEEN_MARK) && (eat_null(c) || scan_mark(c, facts));
}

static int take_link(Cursor *c, Span key, void *context)
{
    Facts *facts = context;
    Span text;
    if (IS(key, "parent")) {
        if (!once(facts, SEEN_PARENT))
            return 0;
        return eat_null(c) || scan_plain_string(c, &facts->link);
    }
    if (IS(key, "message"))
        return once(facts, SEEN_LINKED_MESSAGE) && (eat_null(c) || scan_plain_string(c, &text));
    return skip_value(c);
}

static int take_of_message(Cursor *c, Span key, void *context)
{
    Facts *facts = context;
    if (IS(key, "id"))
        return once(facts, SEEN_ID) && scan_whole_number(c, &facts->subject);
    if (IS(key, "properties"))
        return once(facts, SEEN_PROPERTIES) &&
               (eat_null(c) || walk_object(c, take_property, facts));
    if (IS(key, "_relays") && facts->rule == MESSAGE)
        return once(facts, SEEN_RELAYS) && walk_object(c, take_link, facts);
    return skip_value(c);
}

static int take_of_subject(Cursor *c, Span key, void *context)
{
    Facts *facts = context;
    if (IS(key, "id"))
        return once(facts, SEEN_ID) && scan_whole_number(c, &facts->subject);
    return skip_value(c);
}

/* Our mark ends the text: separator, run, a point, the key in hexadecimal digits. */
static int take_of_keystrokes(Cursor *c, Span key, void *context)
{
    Facts *facts = context;
    Span text;
    int has_escape;
    if (!IS(key, "keys"))
        return skip_value(c);
    if (!once(facts, SEEN_KEYS) || !scan_string(c, &text, &has_escape))
        return 0;
    PyObject *separator = facts->scanner->separator, *run = facts->scanner->run;
    Py_ssize_t separator_size = PyBytes_GET_SIZE(separator), run_size = PyBytes_GET_SIZE(run);
    Py_ssize_t digits = 0;
    /* From the end, so that what is found is the last one; nothing behind it can be an escape. */
    while (digits < text.size && digits <= 15 && hex_value(text.at[text.size - 1 - digits]) >= 0)
        digits++;
    Py_ssize_t size = separator_size + run_size + 1 + digits;
    if (digits == 0 || digits > 15 || size > text.size)
        return 0;
    const unsigned char *at = text.at + text.size - size;
    if (memcmp(at, PyBytes_AS_STRING(separator), (size_t)separator_size) != 0 ||
        memcmp(at + separator_size, PyBytes_AS_STRING(run), (size_t)run_size) != 0 ||
        at[separator_size + run_size] != '.')
        return 0;
    facts->has_key = 1;
    return hex_number(text.at + text.size - digits, digits, &facts->key);
}

static int take_of_party(Cursor *c, Span key, void *context)
{
    Facts *facts = context;
    if (IS(key, "id"))
        return once(facts, SEEN_PARTY_ID) && scan_whole_number(c, &facts->party);
    return skip_value(c);
}

static int take_link_of_receipt(Cursor *c, Span key, void *context)
{
    Facts *facts = context;
    if (IS(key, "message"))
        return once(facts, SEEN_LINKED_MESSAGE) && scan_plain_string(c, &facts->link);
    return skip_value(c);
}

static int take_of_receipt(Cursor *c, Span key, void *context)
{
    Facts *facts = context;
    if (IS(key, "user"))
        return once(facts, SEEN_PARTY) && walk_object(c, take_of_party, facts);
    if (IS(key, "_relays"))
        return once(facts, SEEN_RELAYS) && walk_object(c, take_link_of_receipt, facts);
    return skip_value(c);
}

static int take_of_data(Cursor *c, Span key, void *context)
{
    Facts *facts = context;
    if (IS(key, "type"))
        return once(facts, SEEN_DATA_TYPE) && skip_string(c);
    if (IS(key, "message"))
        return once(facts, SEEN_MESSAGE) && walk_object(c, take_of_message, facts);
    return skip_value(c);
}

static int take_of_notification(Cursor *c, Span key, void *context)
{
    Facts *facts = context;
    if (IS(key, "data"))
        return once(facts, SEEN_DATA) && walk_object(c, take_of_data, facts);
    if (IS(key, "channel"))
        return once(facts, SEEN_PARTY) && walk_object(c, take_of_party, facts);
    return skip_value(c);
}

static int take_of_event(Cursor *c, Span key, void *context)
{
    static const Take takes[] = {NULL, take_of_subject, take_of_message, take_of_keystrokes,
                                 take_of_receipt, take_of_notification};
    Facts *facts = context;
    if (IS(key, "type"))
        return once(facts, SEEN_TYPE) && scan_plain_string(c, &facts->type);
    if (IS(key, "resource") && facts->rule != OTHER)
        return once(facts, SEEN_RESOURCE) && walk_object(c, takes[facts->rule], facts);
    return skip_value(c);
}

/* What must have been seen for each rule; a notification without a message or a channel is rare. */
static const unsigned WANTED[] = {
    SEEN_TYPE,
    SEEN_TYPE | SEEN_ID,
    SEEN_TYPE | SEEN_ID,
    SEEN_TYPE | SEEN_KEYS,
    SEEN_TYPE | SEEN_PARTY_ID | SEEN_LINKED_MESSAGE,
    SEEN_TYPE | SEEN_DATA_TYPE | SEEN_ID | SEEN_PARTY_ID,
};

static int scan_body(Cursor c, Facts *facts)
{
    skip_space(&c);
    if (!walk_object(&c, take_of_event, facts))
        return 0;
    skip_space(&c);
    /* The parent of a message is relayed when the message is new, and then only. */
    if (facts->rule == MESSAGE && !(facts->seen & SEEN_TYPE && is_object(facts->type, facts->scanner->created)))
        facts->link.at = NULL;
    return c.at == c.end && (facts->seen & WANTED[facts->rule]) == WANTED[facts->rule];
}

/* --- frames ---------------------------------------------------------------------------------- */

typedef struct {
    Span subscription, ack, content_length, receipt; /* at is NULL: not there */
    const unsigned char *body;
} Head;

/* One line up to its line feed; no byte in it that a head of ours has not. */
static int scan_line(Cursor *c, Span *line, Py_ssize_t *colon)
{
    const unsigned char *lf = memchr(c->at, '\n', (size_t)(c->end - c->at));
    if (lf == NULL)
        return 0;
    line->at = c->at;
    line->size = lf - c->at;
    c->at = lf + 1;
    *colon = -1;
    for (Py_ssize_t n = 0; n < line->size; n++) {
        unsigned char ch = line->at[n];
        if (ch == 0 || ch == '\r' || ch == '\\' || ch >= 0x80)
            return 0;
        if (ch == ':' && *colon < 0)
            *colon = n;
    }
    return 1;
}

/* Subscription, ack and content-length in this order, each once, among other headers. */
static int scan_head(Cursor c, Head *head)
{
    memset(head, 0, sizeof *head);
    for (;;) {
        Span line, name, value;
        Py_ssize_t colon;
        if (!scan_line(&c, &line, &colon))
            return 0;
        if (line.size == 0)
            break;
        if (colon < 1)
            return 0;
        name.at = line.at;
        name.size = colon;
        value.at = line.at + colon + 1;
        value.size = line.size - colon - 1;
        if (IS(name, "subscription")) {
            if (head->subscription.at || head->ack.at || head->content_length.at)
                return 0;
            head->subscription = value;
        } else if (IS(name, "ack")) {
            if (!head->subscription.at || head->ack.at || head->content_length.at)
                return 0;
            head->ack = value;
        } else if (IS(name, "content-length")) {
            if (!head->subscription.at || head->content_length.at)
                return 0;
            head->content_length = value;
        } else if (IS(name, "receipt-id")) {
            if (head->receipt.at)
                return 0;
            head->receipt = value;
        }
    }
    head->body = c.at;
    return head->subscription.at != NULL;
}

/* The body is all but the last byte, which is the only NUL that the frame's length allows. */
static int is_whole(const Head *head, const unsigned char *end)
{
    if (head->body >= end || end[-1] != 0)
        return 0;
    Py_ssize_t size = end - 1 - head->body;
    if (head->content_length.at == NULL)
        return memchr(head->body, 0, (size_t)size) == NULL;
    Cursor c = {head->content_length.at, head->content_length.at + head->content_length.size};
    uint64_t said;
    return scan_digits(&c, &said) && c.at == c.end && said == (uint64_t)size;
}

/* The ACK as a masked frame of a client; NULL without an exception if it is unusually long. */
static PyObject *acknowledgement(const Scanner *self, const Head *head, PyObject *random_bits)
{
    static const char id[] = "ACK\nid:", subscription[] = "\nsubscription:", tail[] = "\n\n";
    Py_ssize_t size = (Py_ssize_t)(sizeof id - 1 + sizeof subscription - 1 + sizeof tail) +
                      head->ack.size + head->subscription.size;
    if (size > LONG_FRAME)
        return NULL;
    PyObject *bits = PyObject_CallOneArg(random_bits, self->thirty_two);
    if (bits == NULL)
        return NULL;
    unsigned long mask = PyLong_AsUnsignedLong(bits);
    Py_DECREF(bits);
    if (PyErr_Occurred())
        return NULL;
    if (mask > 0xFFFFFFFFul) {
        PyErr_SetString(PyExc_OverflowError, "a mask has 32 bits");
        return NULL;
    }
    Py_ssize_t head_size = size <= SHORT_FRAME ? 2 : 4;
    PyObject *frame = PyBytes_FromStringAndSize(NULL, head_size + 4 + size);
    if (frame == NULL)
        return NULL;
    unsigned char *at = (unsigned char *)PyBytes_AS_STRING(frame);
    *at++ = 0x81;
    if (size <= SHORT_FRAME) {
        *at++ = (unsigned char)(0x80 | size);
    } else {
        *at++ = 0x80 | 126;
        *at++ = (unsigned char)(size >> 8);
        *at++ = (unsigned char)(size & 0xFF);
    }
    unsigned char key[4] = {(unsigned char)(mask >> 24), (unsigned char)(mask >> 16 & 0xFF),
                            (unsigned char)(mask >> 8 & 0xFF), (unsigned char)(mask & 0xFF)};
    memcpy(at, key, 4);
    unsigned char *payload = at + 4;
    unsigned char *to = payload;
    memcpy(to, id, sizeof id - 1);
    to += sizeof id - 1;
    memcpy(to, head->ack.at, (size_t)head->ack.size);
    to += head->ack.size;
    memcpy(to, subscription, sizeof subscription - 1);
    to += sizeof subscription - 1;
    memcpy(to, head->subscription.at, (size_t)head->subscription.size);
    to += head->subscription.size;
    memcpy(to, tail, sizeof tail); /* with its NUL, which ends the frame */
    for (Py_ssize_t n = 0; n < size; n++)
        payload[n] ^= key[n & 3];
    return frame;
}

/* The event's type: one of the strings that were given where it is one, so that none is made. */
static PyObject *type_object(const Scanner *self, Span type)
{
    for (Py_ssize_t n = 0; n < self->type_count; n++)
        if (self->type_texts[n].size == type.size &&
            memcmp(self->type_texts[n].at, type.at, (size_t)type.size) == 0)
            return Py_NewRef(PyTuple_GET_ITEM(self->types, n));
    return PyUnicode_DecodeUTF8((const char *)type.at, type.size, "strict");
}

static PyObject *number_or_none(int is_there, uint64_t number)
{
    return is_there ? PyLong_FromUnsignedLongLong(number) : Py_NewRef(Py_None);
}

/* A tuple of `count` new references, which it takes over; NULL if one of them is NULL. */
static PyObject *tuple_of(Py_ssize_t count, PyObject **items)
{
    PyObject *tuple = PyTuple_New(count);
    int is_complete = tuple != NULL;
    for (Py_ssize_t n = 0; n < count; n++) {
        is_complete = is_complete && items[n] != NULL;
        if (tuple != NULL)
            PyTuple_SET_ITEM(tuple, n, items[n]);
        else
            Py_XDECREF(items[n]);
    }
    if (!is_complete)
        Py_CLEAR(tuple);
    return tuple;
}

static PyObject *facts_object(const Scanner *self, const Facts *facts)
{
    int has_subject = facts->rule == SUBJECT || facts->rule == MESSAGE || facts->rule == NOTIFICATION;
    PyObject *items[5] = {
        type_object(self, facts->type),
        number_or_none(has_subject, facts->subject),
        number_or_none(facts->has_key, facts->key),
        PyLong_FromUnsignedLongLong(facts->party),
        facts->link.at
            ? PyUnicode_DecodeUTF8((const char *)facts->link.at, facts->link.size, "strict")
            : Py_NewRef(Py_None),
    };
    return tuple_of(5, items);
}

typedef struct {
    const Scanner *scanner;
    PyObject *data;
    const unsigned char *start; /* of the bytes of data */
    const unsigned char *prefix;
    PyObject *random_bits; /* None: no ACK is wanted */
} Read;

/* 1: `arrival` is new; 0: not plainly usual; -1: an exception. */
static int read_message(const Read *read, Cursor c, PyObject **arrival)
{
    const Scanner *self = read->scanner;
    Head head;
    uint64_t number, receipt = 0;
    if (!scan_head(c, &head) || !is_whole(&head, c.end) ||
        !number_of_id(head.subscription, read->prefix, &number) || number == ERRORS_QUEUE)
        return 0;
    Cursor body = {head.body, c.end - 1};
    if (!is_utf8(body.at, body.end))
        return 0;
    int is_relay = number >= FIRST_RELAY;
    Facts facts = {.scanner = self};
    if (!is_relay) {
        PyObject *rules = number >> TOPIC_BITS ? self->channel_rules : self->user_rules;
        facts.rule = (unsigned char)PyBytes_AS_STRING(rules)[number & (TOPICS - 1)];
        if (facts.rule > NOTIFICATION) /* a rule that is new in facts.py */
            return 0;
        if (!scan_body(body, &facts))
            return 0;
    }
    int has_receipt = !is_relay && head.receipt.at != NULL;
    if (has_receipt && !number_of_id(head.receipt, read->prefix, &receipt))
        return 0;
    PyObject *ack = NULL;
    if (is_relay || head.ack.at == NULL || read->random_bits == Py_None)
        ack = Py_NewRef(Py_None);
    else
        ack = acknowledgement(self, &head, read->random_bits);
    if (ack == NULL)
        return PyErr_Occurred() ? -1 : 0;
    PyObject *items[8] = {
        PyLong_FromLong(EVENT),
        PyLong_FromUnsignedLongLong(number),
        is_relay ? Py_NewRef(Py_None) : facts_object(self, &facts),
        ack,
        number_or_none(has_receipt, receipt),
        Py_NewRef(read->data),
        PyLong_FromSsize_t(body.at - read->start),
        PyLong_FromSsize_t(body.end - read->start),
    };
    *arrival = tuple_of(8, items);
    return *arrival == NULL ? -1 : 1;
}

static int read_receipt(const Read *read, Cursor c, PyObject **arrival)
{
    static const char name[] = "receipt-id:", tail[] = "\n\n";
    Span id;
    uint64_t number;
    if (!eat_word(&c, name, sizeof name - 1) || c.end - c.at < (Py_ssize_t)sizeof tail ||
        memcmp(c.end - sizeof tail, tail, sizeof tail) != 0)
        return 0;
    id.at = c.at;
    id.size = c.end - (Py_ssize_t)sizeof tail - c.at;
    for (Py_ssize_t n = 0; n < id.size; n++)
        if (id.at[n] < ' ' || id.at[n] > '~' || id.at[n] == '\\')
            return 0;
    if (!number_of_id(id, read->prefix, &number))
        return 0;
    PyObject *items[3] = {PyLong_FromLong(RECEIPT), PyLong_FromUnsignedLongLong(number),
                          PyBytes_FromStringAndSize(NULL, 0)};
    *arrival = tuple_of(3, items);
    return *arrival == NULL ? -1 : 1;
}

/* One frame of STOMP; a heart-beat brings no arrival. */
static int read_payload(const Read *read, Cursor c, PyObject **arrival)
{
    *arrival = NULL;
    if (eat_word(&c, "MESSAGE\n", 8))
        return read_message(read, c, arrival);
    if (eat_word(&c, "RECEIPT\n", 8))
        return read_receipt(read, c, arrival);
    return eat(&c, '\n') && c.at == c.end;
}

/* The payload of one whole, final text frame with a 7-bit or a 16-bit length. */
static int scan_frame(Cursor *c, Cursor *payload)
{
    if (c->end - c->at < 4 || c->at[0] != 0x81)
        return 0;
    Py_ssize_t length = c->at[1];
    const unsigned char *start = c->at + 2;
    if (length == 126) {
        length = (Py_ssize_t)c->at[2] << 8 | c->at[3];
        start += 2;
    } else if (length > 126) {
        return 0; /* 64 bits, or masked */
    }
    if (c->end - start < length)
        return 0;
    payload->at = start;
    payload->end = start + length;
    c->at = payload->end;
    return 1;
}

/* --- the type -------------------------------------------------------------------------------- */

static PyObject *scanner_read(PyObject *object, PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 3 || !PyBytes_CheckExact(arguments[0]) || !PyBytes_CheckExact(arguments[1]) ||
        PyBytes_GET_SIZE(arguments[1]) != PREFIX_BYTES) {
        PyErr_SetString(PyExc_TypeError, "read takes bytes, a prefix of 24 bytes, random_bits");
        return NULL;
    }
    const unsigned char *start = (const unsigned char *)PyBytes_AS_STRING(arguments[0]);
    Cursor c = {start, start + PyBytes_GET_SIZE(arguments[0])};
    Read read = {(const Scanner *)object, arguments[0], start,
                 (const unsigned char *)PyBytes_AS_STRING(arguments[1]), arguments[2]};
    PyObject *arrivals = PyList_New(0);
    if (arrivals == NULL)
        return NULL;
    const unsigned char *taken = c.at;
    Cursor payload;
    while (scan_frame(&c, &payload)) {
        PyObject *arrival;
        int outcome = read_payload(&read, payload, &arrival);
        if (outcome == 0)
            break;
        if (outcome < 0 || (arrival != NULL && PyList_Append(arrivals, arrival) < 0)) {
            Py_XDECREF(arrival);
            Py_DECREF(arrivals);
            return NULL;
        }
        Py_XDECREF(arrival);
        taken = c.at;
    }
    PyObject *items[2] = {arrivals, PyLong_FromSsize_t(taken - start)};
    return tuple_of(2, items);
}

static PyObject *scanner_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    PyObject *run, *user_rules, *channel_rules, *types, *mark, *separator, *created;
    if (keywords != NULL && PyDict_GET_SIZE(keywords)) {
        PyErr_SetString(PyExc_TypeError, "Scanner takes no keyword arguments");
        return NULL;
    }
    if (!PyArg_ParseTuple(arguments, "SSSO!SSS:Scanner", &run, &user_rules, &channel_rules,
                          &PyTuple_Type, &types, &mark, &separator, &created))
        return NULL;
    if (PyBytes_GET_SIZE(user_rules) != TOPICS || PyBytes_GET_SIZE(channel_rules) != TOPICS ||
        PyTuple_GET_SIZE(types) > MOST_TYPES) {
        PyErr_SetString(PyExc_ValueError, "Scanner takes 16 rules twice, and up to 16 types");
        return NULL;
    }
    Scanner *self = (Scanner *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->run = Py_NewRef(run);
    self->user_rules = Py_NewRef(user_rules);
    self->channel_rules = Py_NewRef(channel_rules);
    self->types = Py_NewRef(types);
    self->mark = Py_NewRef(mark);
    self->separator = Py_NewRef(separator);
    self->created = Py_NewRef(created);
    self->thirty_two = PyLong_FromLong(32);
    for (Py_ssize_t n = 0; self->thirty_two != NULL && n < PyTuple_GET_SIZE(types); n++) {
        Span *text = &self->type_texts[n];
        text->at = (const unsigned char *)PyUnicode_AsUTF8AndSize(PyTuple_GET_ITEM(types, n),
                                                                  &text->size);
        if (text->at == NULL)
            break;
        self->type_count = n + 1;
    }
    if (PyErr_Occurred()) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static void scanner_dealloc(PyObject *object)
{
    Scanner *self = (Scanner *)object;
    PyTypeObject *type = Py_TYPE(object);
    Py_XDECREF(self->run);
    Py_XDECREF(self->user_rules);
    Py_XDECREF(self->channel_rules);
    Py_XDECREF(self->types);
    Py_XDECREF(self->mark);
    Py_XDECREF(self->separator);
    Py_XDECREF(self->created);
    Py_XDECREF(self->thirty_two);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"read", (PyCFunction)(void (*)(void))scanner_read, METH_FASTCALL,
     "Return the arrivals at the front of the bytes, and where they end."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Reads what is plainly usual, for all connections of a fleet."},
    {Py_tp_new, scanner_new},
    {Py_tp_dealloc, scanner_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {"loadtest.device._scanner.Scanner", sizeof(Scanner), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE, slots};

static int module_exec(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &spec, NULL);
    if (type == NULL)
        return -1;
    int outcome = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    return outcome < 0 ? outcome : PyModule_AddIntConstant(module, "INTERFACE", INTERFACE);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "loadtest.device._scanner",
    "The usual case of a reader, in C.", 0, NULL, module_slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__scanner(void)
{
    return PyModuleDef_Init(&definition);
}
