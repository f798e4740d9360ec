/* pack.h - bytes that go into the store: integers, and values whose bytes sort as the values do.
 *
 * Place    keys and values of all tables, elements of multisets.
 * Promise  pack_value: memcmp of two packed values is value_compare of the values (of one kind),
 *          and no packed value is a prefix of another, so that packed tuples sort as tuples.
 *          Exception: strings beyond the limit, which keep the order of their first bytes only.
 *          Unpacking checks every bound; what it cannot read it refuses.
 * Memory   appends to the caller's buffer; what is unpacked borrows from FROM, or lives in
 *          the arena given.
 * Threads  pure functions.
 * Errors   false or UNPACK_FAILED: the bytes are none of ours, and FROM stays.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "base/varint.h"
#include "types/value.h"

enum { PACK_NO_LIMIT = 0 };

/* Big-endian, so that numbers sort as bytes. */
void pack_u16(struct buffer *into, uint16_t number);
void pack_u64(struct buffer *into, uint64_t number);
bool unpack_u16(struct slice *from, uint16_t *ret_number) MUST_CHECK;
bool unpack_u64(struct slice *from, uint64_t *ret_number) MUST_CHECK;

/* A string is cut where it takes more than LIMIT_BYTES and ends in its digest. Returns whether
 * the value can be read back exactly. */
bool pack_value(struct buffer *into, const struct value *value, size_t limit_bytes);
enum { PACK_LIMIT_LEAST = 24, PACK_KEPT_LEAST = 5 };

enum unpacking { UNPACKED, UNPACKED_CUT, UNPACK_FAILED };
/* UNPACKED_CUT: *ret_value is the string's kept beginning. A string without NUL bytes borrows from
 * FROM, another lives in ARENA; it is refused where ARENA is NULL. */
enum unpacking unpack_value(struct slice *from, struct arena *arena, struct value *ret_value);
/* The bytes of the packed value at the start of FROM, 0 if there is none. */
size_t packed_length(struct slice from);
