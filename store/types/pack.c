/* How a value is packed: a tag byte, then
 *
 *   01 null | 02 unresolved | 03 false | 04 true
 *   05 negative | 06 zero | 07 positive number: exponent + 64, pairs of decimal digits + 1, 00.
 *      The number is 0.digits * 10^exponent. All bytes behind tag 05 are complemented.
 *      -12.5 = 05 | ~66 ~13 ~51 ~00      (0.1250 * 10^2: 12 -> 13, 50 -> 51)
 *   08 time: seconds + 2^39 in five bytes, nanoseconds in four
 *   09 bucket: start in UTC + 2^39 in five bytes, offset + 2^23 in three
 *   0B float: its eight bytes, big-endian, all complemented if it is negative, else the first bit
 *   0A string: its bytes, 00 as 00 FF; then 00 00, or where it was cut 00 80 and the digest
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "types/pack.h"

#include <math.h>

#include "base/digest.h"
#include "types/instant.h"

enum tag {
    TAG_NULL = 1,
    TAG_UNRESOLVED,
    TAG_FALSE,
    TAG_TRUE,
    TAG_NEGATIVE,
    TAG_ZERO,
    TAG_POSITIVE,
    TAG_TIME,
    TAG_BUCKET,
    TAG_STRING,
    TAG_FLOAT,
};
enum { STRING_END = 0x00, STRING_CUT = 0x80, STRING_NUL = 0xff };
enum { EXPONENT_BIAS = 64, DIGITS_MAX = 40 };
static int64_t const SECONDS_BIAS = (int64_t)1 << 39;
static int32_t const OFFSET_BIAS = (int32_t)1 << 23;

static void pack_big_endian(struct buffer *into, uint64_t number, unsigned width_bytes)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < width_bytes; i++)
        bytes[i] = (uint8_t)(number >> (8 * (width_bytes - 1 - i)));
    buffer_add(into, bytes, width_bytes);
}

static bool unpack_big_endian(struct slice *from, unsigned width_bytes, uint64_t *ret_number)
{
    struct slice bytes;
    if (!unpack_run(from, width_bytes, &bytes)) return false;
    uint64_t number = 0;
    for (unsigned i = 0; i < width_bytes; i++)
        number = number << 8 | bytes.at[i];
    *ret_number = number;
    return true;
}

void pack_u16(struct buffer *into, uint16_t number)
{
    pack_big_endian(into, number, 2);
}

void pack_u64(struct buffer *into, uint64_t number)
{
    pack_big_endian(into, number, 8);
}

bool unpack_u16(struct slice *from, uint16_t *ret_number)
{
    uint64_t number;
    if (!unpack_big_endian(from, 2, &number)) return false;
    *ret_number = (uint16_t)number;
    return true;
}

bool unpack_u64(struct slice *from, uint64_t *ret_number)
{
    return unpack_big_endian(from, 8, ret_number);
}

/* The decimal digits of MAGNITUDE, most significant first. */
static size_t write_digits(uint128 magnitude, uint8_t digits[DIGITS_MAX])
{
    uint8_t reversed[DIGITS_MAX];
    size_t count = 0;
    while (magnitude > UINT64_MAX) {
        reversed[count++] = (uint8_t)(magnitude % 10);
        magnitude /= 10;
    }
    for (uint64_t rest = (uint64_t)magnitude; rest; rest /= 10)
        reversed[count++] = (uint8_t)(rest % 10);
    for (size_t i = 0; i < count; i++)
        digits[i] = reversed[count - 1 - i];
    return count;
}

static void pack_number(struct buffer *into, const struct decimal *number)
{
    if (number->coefficient == 0) {
        buffer_add_byte(into, TAG_ZERO);
        return;
    }
    bool const negative = number->coefficient < 0;
    uint8_t const flip = negative ? 0xff : 0;
    uint8_t digits[DIGITS_MAX + 1];
    size_t count = write_digits(
        negative ? -(uint128)number->coefficient : (uint128)number->coefficient, digits);
    int const exponent = (int)count - (int)number->scale;
    while (digits[count - 1] == 0)
        count--;
    digits[count] = 0; /* completes an odd pair */

    buffer_add_byte(into, negative ? TAG_NEGATIVE : TAG_POSITIVE);
    buffer_add_byte(into, (uint8_t)(exponent + EXPONENT_BIAS) ^ flip);
    for (size_t i = 0; i < count; i += 2)
        buffer_add_byte(into, (uint8_t)(digits[i] * 10 + digits[i + 1] + 1) ^ flip);
    buffer_add_byte(into, flip);
}

static bool pack_unpack_number(struct slice *from, bool negative, struct decimal *ret_number)
{
    uint8_t const flip = negative ? 0xff : 0;
    uint8_t byte;
    if (!unpack_byte(from, &byte)) return false;
    int const exponent = (int)(byte ^ flip) - EXPONENT_BIAS;
    int128 coefficient = 0; /* without the last pair */
    int digits = 0, pair = 0;
    for (;;) {
        if (!unpack_byte(from, &byte)) return false;
        byte ^= flip;
        if (byte == 0) break;
        if (byte > 100 || digits >= DECIMAL_DIGITS) return false;
        coefficient = coefficient * 100 + pair;
        pair = byte - 1;
        digits += 2;
    }
    if (digits == 0) return false;
    if (pair % 10 == 0) { /* the second half of an odd pair */
        coefficient = coefficient * 10 + pair / 10;
        digits--;
    } else {
        coefficient = coefficient * 100 + pair;
    }
    int scale = digits - exponent;
    for (; scale < 0; scale++) {
        if (++digits > DECIMAL_DIGITS) return false;
        coefficient *= 10;
    }
    if (scale > DECIMAL_DIGITS) return false;
    *ret_number = (struct decimal){.coefficient = negative ? -coefficient : coefficient,
                                   .scale = (unsigned)scale};
    return true;
}

static uint64_t const SIGN_BIT = (uint64_t)1 << 63;

static void pack_float(struct buffer *into, double real)
{
    uint64_t bits;
    memcpy(&bits, &real, sizeof bits);
    buffer_add_byte(into, TAG_FLOAT);
    pack_u64(into, (bits & SIGN_BIT) ? ~bits : bits | SIGN_BIT);
}

static bool pack_unpack_float(struct slice *from, double *ret_real)
{
    uint64_t bits;
    if (!unpack_u64(from, &bits)) return false;
    bits = (bits & SIGN_BIT) ? bits & ~SIGN_BIT : ~bits;
    memcpy(ret_real, &bits, sizeof *ret_real);
    return isfinite(*ret_real);
}

static void pack_pack_time(struct buffer *into, int128 time_ns)
{
    int64_t ns;
    int64_t const seconds = instant_seconds(time_ns, &ns);
    buffer_add_byte(into, TAG_TIME);
    pack_big_endian(into, (uint64_t)(seconds + SECONDS_BIAS), 5);
    pack_big_endian(into, (uint64_t)ns, 4);
}

static bool pack_unpack_time(struct slice *from, int128 *ret_time_ns)
{
    uint64_t seconds, ns;
    if (!unpack_big_endian(from, 5, &seconds) || !unpack_big_endian(from, 4, &ns)) return false;
    if (ns >= NS_PER_SECOND) return false;
    *ret_time_ns = (int128)((int64_t)seconds - SECONDS_BIAS) * NS_PER_SECOND + (int128)ns;
    return true;
}

static void pack_bucket(struct buffer *into, const struct bucket *bucket)
{
    buffer_add_byte(into, TAG_BUCKET);
    pack_big_endian(into, (uint64_t)(bucket->local_seconds - bucket->offset_seconds + SECONDS_BIAS),
                    5);
    pack_big_endian(into, (uint64_t)((int64_t)bucket->offset_seconds + OFFSET_BIAS), 3);
}

static bool unpack_bucket(struct slice *from, struct bucket *ret_bucket)
{
    uint64_t start, offset;
    if (!unpack_big_endian(from, 5, &start) || !unpack_big_endian(from, 3, &offset)) return false;
    ret_bucket->offset_seconds = (int32_t)offset - OFFSET_BIAS;
    ret_bucket->local_seconds = (int64_t)start - SECONDS_BIAS + ret_bucket->offset_seconds;
    return true;
}

static void pack_escaped(struct buffer *into, struct slice text)
{
    while (text.length) {
        const uint8_t *const nul = memchr(text.at, 0, text.length);
        size_t const run = nul ? (size_t)(nul - text.at) : text.length;
        buffer_add(into, text.at, run);
        if (!nul) return;
        buffer_add(into, (const uint8_t[]){0, STRING_NUL}, 2);
        text = slice_of(nul + 1, text.length - run - 1);
    }
}

/* How much of TEXT stays within LIMIT_BYTES of escaped bytes. */
static size_t length_breakdown(struct slice text, size_t limit_bytes)
{
    size_t escaped = 0;
    if (text.length <= limit_bytes / 2) return text.length; /* whatever it has */
    for (size_t i = 0; i < text.length; i++) {
        escaped += text.at[i] == 0 ? 2 : 1;
        if (escaped > limit_bytes) return i;
    }
    return text.length;
}

static bool pack_string(struct buffer *into, struct slice text, size_t limit_bytes)
{
    buffer_add_byte(into, TAG_STRING);
    size_t const around = 1 + 2 + DIGEST_BYTES; /* tag, end and digest */
    size_t const kept =
        limit_bytes == PACK_NO_LIMIT ? text.length : length_breakdown(text, limit_bytes - around);
    pack_escaped(into, slice_of(text.at, kept));
    if (kept == text.length) {
        buffer_add(into, (const uint8_t[]){0, STRING_END}, 2);
        return true;
    }
    buffer_add(into, (const uint8_t[]){0, STRING_CUT}, 2);
    digest_add(text, into);
    return false;
}

bool pack_value(struct buffer *into, const struct value *value, size_t limit_bytes)
{
    switch (value->kind) {
    case VALUE_NULL: buffer_add_byte(into, TAG_NULL); return true;
    case VALUE_UNRESOLVED: buffer_add_byte(into, TAG_UNRESOLVED); return true;
    case VALUE_BOOL: buffer_add_byte(into, value->boolean ? TAG_TRUE : TAG_FALSE); return true;
    case VALUE_NUMBER: pack_number(into, &value->number); return true;
    case VALUE_FLOAT: pack_float(into, value->real); return true;
    case VALUE_TIME: pack_pack_time(into, value->time_ns); return true;
    case VALUE_BUCKET: pack_bucket(into, &value->bucket); return true;
    case VALUE_STRING: return pack_string(into, value->string, limit_bytes);
    }
    return true;
}

/* The place of the 00 that ends the packed string BYTES, and what follows it. */
static bool pack_find_end(struct slice bytes, size_t *ret_end, bool *ret_has_nul)
{
    size_t at = 0;
    *ret_has_nul = false;
    while (at < bytes.length) {
        const uint8_t *const nul = memchr(bytes.at + at, 0, bytes.length - at);
        if (!nul || nul + 1 >= bytes.at + bytes.length) return false;
        at = (size_t)(nul - bytes.at);
        if (nul[1] != STRING_NUL) {
            *ret_end = at;
            return nul[1] == STRING_END ||
                   (nul[1] == STRING_CUT && bytes.length - at >= 2 + DIGEST_BYTES);
        }
        *ret_has_nul = true;
        at += 2;
    }
    return false;
}

static struct slice pack_unescape(struct slice escaped, struct arena *arena)
{
    uint8_t *const text = arena_alloc(arena, escaped.length);
    size_t length = 0;
    for (size_t i = 0; i < escaped.length; i++) {
        text[length++] = escaped.at[i];
        if (escaped.at[i] == 0) i++;
    }
    return slice_of(text, length);
}

static enum unpacking unpack_string(struct slice *from, struct arena *arena, struct slice *ret_text)
{
    size_t end;
    bool has_nul;
    if (!pack_find_end(*from, &end, &has_nul)) return UNPACK_FAILED;
    if (has_nul && !arena) return UNPACK_FAILED;
    bool const cut = from->at[end + 1] == STRING_CUT;
    struct slice const kept = slice_of(from->at, end);
    size_t const used = end + 2 + (cut ? DIGEST_BYTES : 0);
    *from = slice_of(from->at + used, from->length - used);
    *ret_text = has_nul ? pack_unescape(kept, arena) : kept;
    return cut ? UNPACKED_CUT : UNPACKED;
}

enum unpacking unpack_value(struct slice *from, struct arena *arena, struct value *ret_value)
{
    uint8_t tag;
    struct slice rest = *from;
    struct value value = {.kind = VALUE_NULL};
    enum unpacking answer = UNPACKED;
    bool good = true;
    if (!unpack_byte(&rest, &tag)) return UNPACK_FAILED;
    switch (tag) {
    case TAG_NULL: break;
    case TAG_UNRESOLVED: value.kind = VALUE_UNRESOLVED; break;
    case TAG_FALSE:
    case TAG_TRUE:
        value.kind = VALUE_BOOL;
        value.boolean = tag == TAG_TRUE;
        break;
    case TAG_ZERO: value.kind = VALUE_NUMBER; break;
    case TAG_NEGATIVE:
    case TAG_POSITIVE:
        value.kind = VALUE_NUMBER;
        good = pack_unpack_number(&rest, tag == TAG_NEGATIVE, &value.number);
        break;
    case TAG_FLOAT:
        value.kind = VALUE_FLOAT;
        good = pack_unpack_float(&rest, &value.real);
        break;
    case TAG_TIME:
        value.kind = VALUE_TIME;
        good = pack_unpack_time(&rest, &value.time_ns);
        break;
    case TAG_BUCKET:
        value.kind = VALUE_BUCKET;
        good = unpack_bucket(&rest, &value.bucket);
        break;
    case TAG_STRING:
        value.kind = VALUE_STRING;
        answer = unpack_string(&rest, arena, &value.string);
        break;
    default: good = false;
    }
    if (!good || answer == UNPACK_FAILED) return UNPACK_FAILED;
    *from = rest;
    *ret_value = value;
    return answer;
}

size_t packed_length(struct slice from)
{
    if (from.length == 0) return 0;
    struct slice rest = slice_of(from.at + 1, from.length - 1);
    size_t length;
    struct decimal number;
    bool has_nul;
    switch (from.at[0]) {
    case TAG_NULL:
    case TAG_UNRESOLVED:
    case TAG_FALSE:
    case TAG_TRUE:
    case TAG_ZERO: return 1;
    case TAG_NEGATIVE:
    case TAG_POSITIVE:
        if (!pack_unpack_number(&rest, from.at[0] == TAG_NEGATIVE, &number)) return 0;
        return from.length - rest.length;
    case TAG_FLOAT: length = 1 + 8; break;
    case TAG_TIME: length = 1 + 5 + 4; break;
    case TAG_BUCKET: length = 1 + 5 + 3; break;
    case TAG_STRING:
        if (!pack_find_end(rest, &length, &has_nul)) return 0;
        length += rest.at[length + 1] == STRING_CUT ? 1 + 2 + DIGEST_BYTES : 1 + 2;
        break;
    default: return 0;
    }
    return length <= from.length ? length : 0;
}
