// SPDX-License-Identifier: Apache-2.0
#include "lsm/key_rest.h"

#include "base/hex.h"
#include "base/varint.h"

/* In front stands the length, twice, and one more where digits are packed. */
enum { IS_PACKED = 1 };

/* How many digits the rest is made of; 0: BEFORE is no pattern of it. */
static size_t count_digits(struct slice before, struct slice key, size_t shared)
{
    size_t count = 0;
    if (before.length != key.length) return 0;
    for (size_t i = shared; i < key.length; i++) {
        bool const is_digit = hex_is_digit(before.at[i]);
        if (is_digit ? !hex_is_digit(key.at[i]) : before.at[i] != key.at[i]) return 0;
        count += is_digit;
    }
    return count;
}

void key_rest_write(struct slice before, struct slice key, size_t shared, struct buffer *into)
{
    size_t const length = key.length - shared, count = count_digits(before, key, shared);
    if (count < 2) {
        pack_varint(into, length << 1);
        buffer_add(into, key.at + shared, length);
        return;
    }
    pack_varint(into, length << 1 | IS_PACKED);
    size_t taken = 0;
    for (size_t i = shared; i < key.length; i++) {
        if (hex_is_digit(before.at[i])) hex_add_digit(key.at[i], taken++, into);
    }
}

static bool read_plain(struct slice *from, size_t length, size_t shared, struct buffer *key)
{
    struct slice rest;
    if (!unpack_run(from, length, &rest)) return false;
    if (length == 0 || (shared < key->length && rest.at[0] <= key->at[shared])) return false;
    key->length = shared;
    buffer_add_slice(key, rest);
    return true;
}

static bool read_packed(struct slice *from, size_t length, size_t shared, struct buffer *key)
{
    size_t taken = 0;
    if (length == 0 || length != key->length - shared) return false;
    uint8_t const first = key->at[shared];
    for (size_t i = shared; i < key->length; i++) {
        if (!hex_is_digit(key->at[i])) continue;
        if (taken / 2 >= from->length) return false;
        key->at[i] = hex_digit_at(from->at, taken++);
    }
    size_t const bytes = (taken + 1) / 2;
    *from = slice_of(from->at + bytes, from->length - bytes);
    return key->at[shared] > first;
}

static bool read_head(struct slice *from, size_t shared, const struct buffer *key,
                      size_t *ret_length, bool *ret_is_packed)
{
    uint64_t head;
    if (shared > key->length || !unpack_varint(from, &head) ||
        head >> 1 > from->length * 2 + key->length)
        return false;
    *ret_length = (size_t)(head >> 1);
    *ret_is_packed = head & IS_PACKED;
    return true;
}

bool key_rest_read(struct slice *from, size_t shared, struct buffer *key)
{
    size_t length;
    bool is_packed;
    if (!read_head(from, shared, key, &length, &is_packed)) return false;
    return is_packed ? read_packed(from, length, shared, key)
                     : read_plain(from, length, shared, key);
}

static bool pass_packed(struct slice *from, size_t length, size_t shared, const struct buffer *key)
{
    struct slice rest;
    size_t count = 0;
    if (length == 0 || length != key->length - shared) return false;
    for (size_t i = shared; i < key->length; i++)
        count += hex_is_digit(key->at[i]);
    return unpack_run(from, (count + 1) / 2, &rest);
}

static bool pass_plain(struct slice *from, size_t length, size_t shared, struct buffer *key)
{
    struct slice rest;
    if (length == 0 || !unpack_run(from, length, &rest)) return false;
    key->length = shared;
    buffer_add_slice(key, rest);
    return true;
}

bool key_rest_pass(struct slice *from, size_t shared, struct buffer *key)
{
    size_t length;
    bool is_packed;
    if (!read_head(from, shared, key, &length, &is_packed)) return false;
    return is_packed ? pass_packed(from, length, shared, key)
                     : pass_plain(from, length, shared, key);
}
