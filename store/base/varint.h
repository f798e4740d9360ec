/* varint.h - unsigned numbers in as few bytes as they need, seven bits a byte, the least first
 * (LEB128), and bytes behind their length. Inline, as nearly all are one byte: every event and
 * every group has several.
 *
 * Place    every packed form in the store.
 * Memory   what is unpacked borrows from FROM, which goes on behind it; on failure FROM stays.
 * Threads  pure.
 * Errors   false: the bytes end early, or a number has more than 64 bits.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

enum { VARINT_BYTES_MAX = 10 };

static inline void pack_varint(struct buffer *into, uint64_t number)
{
    buffer_reserve(into, VARINT_BYTES_MAX);
    for (; number >= 0x80; number >>= 7)
        into->at[into->length++] = (uint8_t)(number | 0x80);
    into->at[into->length++] = (uint8_t)number;
}

static inline MUST_CHECK bool unpack_varint(struct slice *from, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (size_t i = 0; i < from->length && i < VARINT_BYTES_MAX; i++) {
        number |= (uint64_t)(from->at[i] & 0x7f) << (7 * i);
        if (from->at[i] & 0x80) continue;
        *from = slice_of(from->at + i + 1, from->length - i - 1);
        *ret_number = number;
        return true;
    }
    return false;
}

static inline void pack_bytes(struct buffer *into, struct slice bytes)
{
    pack_varint(into, bytes.length);
    buffer_add_slice(into, bytes);
}

static inline MUST_CHECK bool unpack_run(struct slice *from, size_t length, struct slice *ret_bytes)
{
    if (from->length < length) return false;
    *ret_bytes = slice_of(from->at, length);
    *from = slice_of(from->at + length, from->length - length);
    return true;
}

static inline MUST_CHECK bool unpack_bytes(struct slice *from, struct slice *ret_bytes)
{
    struct slice rest = *from;
    uint64_t length;
    if (!unpack_varint(&rest, &length) || !unpack_run(&rest, length, ret_bytes)) return false;
    *from = rest;
    return true;
}

static inline MUST_CHECK bool unpack_byte(struct slice *from, uint8_t *ret_byte)
{
    struct slice byte;
    if (!unpack_run(from, 1, &byte)) return false;
    *ret_byte = byte.at[0];
    return true;
}
