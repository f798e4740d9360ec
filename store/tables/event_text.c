// SPDX-License-Identifier: Apache-2.0
#include "tables/event_text.h"

#include "base/ascii.h"
#include "base/hex.h"
#include "base/varint.h"

/* What the head says of the bytes behind it. */
enum {
    PLAIN_OF_NONE = 1, /* and from here on: a text of HEAD - PLAIN_OF_NONE bytes */
    PLAIN_LONG = 128,  /* its length, and the text */
    INTEGER = 128,     /* and behind it: a number of HEAD - INTEGER bytes, the least one first */
    INTEGER_WIDTH_MAX = 8,
    UUID = 137,     /* its digits, two a byte */
    DIGITS = 138,   /* how many there are; then they, two a byte */
    PREFIXED = 139, /* the form of what is behind the dictionary's prefix */
    WORD = 140,     /* and from here on: word HEAD - WORD of the dictionary */
};

enum {
    INTEGER_LENGTH_MAX = 19, /* all of that many digits fit in 64 bits */
    INTEGER_LENGTH_LEAST = 2,
    INTEGER_ROOM = 20, /* for any 64 bits */
    DIGITS_LEAST = 4,  /* fewer are as long as they are */
    UUID_LENGTH = 36,
    UUID_DIGITS = 32,
};

static bool is_dash_of_uuid(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

/* How many hexadecimal digits it begins with, and how many of them are decimal ones. */
static size_t count_digits(struct slice text, size_t *ret_decimal_count)
{
    size_t count = 0, decimal_count = 0;
    while (count < text.length && hex_is_digit(text.at[count]))
        decimal_count += ascii_is_digit(text.at[count++]);
    *ret_decimal_count = decimal_count;
    return count;
}

static bool is_uuid(struct slice text)
{
    if (text.length != UUID_LENGTH) return false;
    for (size_t i = 0; i < text.length; i++) {
        if (is_dash_of_uuid(i) ? text.at[i] != '-' : !hex_is_digit(text.at[i])) return false;
    }
    return true;
}

static void pack_plain(struct slice text, struct buffer *into)
{
    if (text.length + PLAIN_OF_NONE < PLAIN_LONG) {
        buffer_add_byte(into, (uint8_t)(text.length + PLAIN_OF_NONE));
        buffer_add_slice(into, text);
    } else {
        buffer_add_byte(into, PLAIN_LONG);
        pack_bytes(into, text);
    }
}

static void pack_integer(struct slice text, struct buffer *into)
{
    uint8_t bytes[1 + INTEGER_WIDTH_MAX];
    uint64_t number = 0;
    size_t width = 0;
    for (size_t i = 0; i < text.length; i++)
        number = number * 10 + (uint64_t)(text.at[i] - '0');
    for (; number > 0; number >>= 8)
        bytes[++width] = (uint8_t)number;
    bytes[0] = (uint8_t)(INTEGER + width);
    buffer_add(into, bytes, 1 + width);
}

/* The digits among a text's bytes. */
static void pack_digits(struct slice text, struct buffer *into)
{
    size_t taken = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (hex_is_digit(text.at[i])) hex_add_digit(text.at[i], taken++, into);
    }
}

/* Whether it has a form that is shorter than itself, whatever texts there are beside it. */
static bool pack_alone(struct slice text, struct buffer *into)
{
    size_t decimal_count;
    size_t const digit_count = count_digits(text, &decimal_count);
    bool const is_all = digit_count == text.length;
    if (is_all && decimal_count == text.length && text.length >= INTEGER_LENGTH_LEAST &&
        text.length <= INTEGER_LENGTH_MAX && text.at[0] != '0') {
        pack_integer(text, into);
    } else if (is_all && text.length >= DIGITS_LEAST) {
        buffer_add_byte(into, DIGITS);
        pack_varint(into, text.length);
        pack_digits(text, into);
    } else if (digit_count > 0 && is_uuid(text)) {
        buffer_add_byte(into, UUID);
        pack_digits(text, into);
    } else {
        return false;
    }
    return true;
}

void event_text_pack(struct slice text, const struct dictionary *dictionary, struct buffer *into)
{
    int const word = dictionary ? dictionary_find(dictionary, text) : -1;
    struct slice const prefix = dictionary ? dictionary_prefix(dictionary) : slice_of(NULL, 0);
    if (word >= 0) {
        buffer_add_byte(into, (uint8_t)(WORD + word));
        return;
    }
    if (pack_alone(text, into)) return;
    if (prefix.length > 0 && slice_starts(text, prefix)) {
        text = slice_of(text.at + prefix.length, text.length - prefix.length);
        buffer_add_byte(into, PREFIXED);
        if (pack_alone(text, into)) return;
    }
    pack_plain(text, into);
}

/* What stands behind a head, and of how many digits a form that tells it is. */
struct form {
    uint8_t head;
    size_t digit_count;
    struct slice bytes;
};

static bool take_form(struct slice *from, struct form *ret_form)
{
    uint64_t length = 0, count = 0;
    uint8_t head;
    if (!unpack_byte(from, &head) || head < PLAIN_OF_NONE || head > DIGITS) return false;
    if (head < PLAIN_LONG) {
        length = head - PLAIN_OF_NONE;
    } else if (head == PLAIN_LONG) {
        if (!unpack_varint(from, &length)) return false;
    } else if (head <= INTEGER + INTEGER_WIDTH_MAX) {
        length = head - INTEGER;
    } else if (head == UUID) {
        length = UUID_DIGITS / 2;
    } else {
        if (!unpack_varint(from, &count) || count > from->length * 2) return false;
        length = (count + 1) / 2;
    }
    *ret_form = (struct form){.head = head, .digit_count = (size_t)count};
    return unpack_run(from, length, &ret_form->bytes);
}

static struct slice integer_text(struct slice bytes, struct arena *arena)
{
    uint8_t *const end = (uint8_t *)arena_alloc(arena, INTEGER_ROOM) + INTEGER_ROOM, *at = end;
    uint64_t number = 0;
    for (size_t i = bytes.length; i > 0; i--)
        number = number << 8 | bytes.at[i - 1];
    do {
        *--at = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return slice_of(at, (size_t)(end - at));
}

static struct slice uuid_text(struct slice bytes, struct arena *arena)
{
    uint8_t *const text = arena_alloc(arena, UUID_LENGTH);
    size_t taken = 0;
    for (size_t i = 0; i < UUID_LENGTH; i++)
        text[i] = is_dash_of_uuid(i) ? '-' : hex_digit_at(bytes.at, taken++);
    return slice_of(text, UUID_LENGTH);
}

static struct slice digits_text(struct slice bytes, size_t count, struct arena *arena)
{
    uint8_t *const text = arena_alloc(arena, count);
    for (size_t i = 0; i < count; i++)
        text[i] = hex_digit_at(bytes.at, i);
    return slice_of(text, count);
}

/* One that stands for itself. */
static bool unpack_alone(struct slice *from, struct arena *arena, struct slice *ret_text)
{
    struct form form;
    if (!take_form(from, &form)) return false;
    if (form.head <= PLAIN_LONG)
        *ret_text = form.bytes;
    else if (form.head == UUID)
        *ret_text = uuid_text(form.bytes, arena);
    else if (form.head == DIGITS)
        *ret_text = digits_text(form.bytes, form.digit_count, arena);
    else
        *ret_text = integer_text(form.bytes, arena);
    return true;
}

static bool unpack_prefixed(struct slice *from, const struct dictionary *dictionary,
                            struct arena *arena, struct slice *ret_text)
{
    struct slice rest;
    if (!dictionary || !unpack_alone(from, arena, &rest)) return false;
    struct slice const prefix = dictionary_prefix(dictionary);
    uint8_t *const text = arena_alloc(arena, prefix.length + rest.length);
    if (prefix.length) memcpy(text, prefix.at, prefix.length);
    if (rest.length) memcpy(text + prefix.length, rest.at, rest.length);
    *ret_text = slice_of(text, prefix.length + rest.length);
    return true;
}

bool event_text_unpack(struct slice *from, const struct dictionary *dictionary, struct arena *arena,
                       struct slice *ret_text)
{
    if (from->length == 0) return false;
    uint8_t const head = from->at[0];
    if (head < PREFIXED) return unpack_alone(from, arena, ret_text);
    *from = slice_of(from->at + 1, from->length - 1);
    return head == PREFIXED ? unpack_prefixed(from, dictionary, arena, ret_text)
                            : dictionary && dictionary_word(dictionary, head - WORD, ret_text);
}

bool event_text_pass(struct slice *from)
{
    struct form form;
    if (from->length == 0) return false;
    uint8_t const head = from->at[0];
    if (head < PREFIXED) return take_form(from, &form);
    *from = slice_of(from->at + 1, from->length - 1);
    return head >= WORD || take_form(from, &form);
}
