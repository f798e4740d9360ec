// SPDX-License-Identifier: Apache-2.0
#include "sketch/float_sum.h"

#include <float.h>
#include <math.h>

#include "types/bignum.h"
#include "types/decimal.h"
#include "types/pack.h"

enum {
    UNIT_LIMBS =
        34,         /* the unit of limb 0 is 2^-2176; the least product of two doubles is 2^-2148 */
    LIMBS_MAX = 72, /* up to 2^2048 * 2^126, and the sign */
    TERM_LIMBS = 4, /* 106 bits of a product times 63 of a weight, shifted by up to 63 */
    EXTRA_LIMBS = 3, /* of a quotient: 64 bits are there even after division by 128 */
};

static bool is_negative(const struct float_sum *sum)
{
    return sum->count && sum->limb[sum->count - 1] >> (LIMB_BITS - 1);
}

/* Makes the window span the limbs [first, end). */
static void widen(struct float_sum *sum, unsigned first, unsigned end, struct arena *arena)
{
    if (sum->count == 0) sum->first = first;
    unsigned const old_end = sum->first + sum->count;
    if (sum->count && sum->first <= first && end <= old_end) return;
    unsigned const new_first = first < sum->first ? first : sum->first;
    unsigned const new_end = end > old_end ? end : old_end;
    uint64_t *const limb = ARENA_ARRAY(arena, uint64_t, new_end - new_first);
    uint64_t const fill = is_negative(sum) ? UINT64_MAX : 0;
    for (unsigned i = 0; i < sum->count; i++)
        limb[sum->first - new_first + i] = sum->limb[i];
    for (unsigned i = old_end; i < new_end; i++)
        limb[i - new_first] = fill;
    *sum = (struct float_sum){.first = new_first, .count = new_end - new_first, .limb = limb};
}

/* After an addition the highest limb may have become part of the number. */
static void keep_sign_limb(struct float_sum *sum, struct arena *arena)
{
    uint64_t const top = sum->limb[sum->count - 1];
    if (top != 0 && top != UINT64_MAX) widen(sum, sum->first, sum->first + sum->count + 1, arena);
}

/* Adds COUNT limbs at limb FIRST, or takes them away. */
static void add_limbs(struct float_sum *sum, const uint64_t *limbs, unsigned count, unsigned first,
                      bool negative, struct arena *arena)
{
    widen(sum, first, first + count + 1, arena);
    unsigned const start = first - sum->first;
    uint64_t carry = negative; /* - x is + ~x + 1 */
    for (unsigned i = 0; start + i < sum->count; i++) {
        uint64_t const limb = i < count ? limbs[i] : 0;
        uint128 const total = (uint128)sum->limb[start + i] + (negative ? ~limb : limb) + carry;
        sum->limb[start + i] = (uint64_t)total;
        carry = (uint64_t)(total >> LIMB_BITS);
    }
    keep_sign_limb(sum, arena);
}

/* Adds mantissa * weight * 2^exponent. */
static void add_term(struct float_sum *sum, uint128 mantissa, int exponent, int64_t weight,
                     bool negative, struct arena *arena)
{
    uint64_t const factor = weight < 0 ? -(uint64_t)weight : (uint64_t)weight;
    unsigned const place = (unsigned)(exponent + UNIT_LIMBS * LIMB_BITS);
    unsigned const shift = place % LIMB_BITS;
    uint64_t limbs[TERM_LIMBS] = {0};
    uint128 const low = (uint128)(uint64_t)mantissa * factor;
    uint128 const high = (uint128)(uint64_t)(mantissa >> LIMB_BITS) * factor + (low >> LIMB_BITS);
    uint64_t const parts[TERM_LIMBS] = {(uint64_t)low, (uint64_t)high,
                                        (uint64_t)(high >> LIMB_BITS), 0};
    if (mantissa == 0 || factor == 0) return;
    for (unsigned i = 0; i < TERM_LIMBS; i++) {
        limbs[i] = parts[i] << shift;
        if (shift && i) limbs[i] |= parts[i - 1] >> (LIMB_BITS - shift);
    }
    add_limbs(sum, limbs, TERM_LIMBS, place / LIMB_BITS, negative != (weight < 0), arena);
}

/* |VALUE| = *ret_mantissa * 2^*ret_exponent, without zeros at the end, so that
 * windows stay narrow. */
static void float_sum_split(double value, uint64_t *ret_mantissa, int *ret_exponent)
{
    int exponent;
    double const fraction = frexp(fabs(value), &exponent);
    uint64_t mantissa = (uint64_t)ldexp(fraction, DBL_MANT_DIG);
    exponent -= DBL_MANT_DIG;
    if (mantissa) {
        int const zeros = __builtin_ctzll(mantissa);
        mantissa >>= zeros;
        exponent += zeros;
    }
    *ret_mantissa = mantissa;
    *ret_exponent = exponent;
}

void float_sum_add(struct float_sum *sum, double value, int64_t weight, struct arena *arena)
{
    uint64_t mantissa;
    int exponent;
    float_sum_split(value, &mantissa, &exponent);
    add_term(sum, mantissa, exponent, weight, value < 0, arena);
}

void float_sum_add_product(struct float_sum *sum, double a, double b, int64_t weight,
                           struct arena *arena)
{
    uint64_t left, right;
    int left_exponent, right_exponent;
    float_sum_split(a, &left, &left_exponent);
    float_sum_split(b, &right, &right_exponent);
    add_term(sum, (uint128)left * right, left_exponent + right_exponent, weight, (a < 0) != (b < 0),
             arena);
}

void float_sum_merge(struct float_sum *into, const struct float_sum *other, struct arena *arena)
{
    if (other->count == 0) return;
    unsigned const end = other->first + other->count;
    widen(into, other->first, end + 1, arena);
    uint64_t const fill = is_negative(other) ? UINT64_MAX : 0;
    unsigned const start = other->first - into->first;
    uint64_t carry = 0;
    for (unsigned i = 0; start + i < into->count; i++) {
        uint64_t const limb = i < other->count ? other->limb[i] : fill;
        uint128 const total = (uint128)into->limb[start + i] + limb + carry;
        into->limb[start + i] = (uint64_t)total;
        carry = (uint64_t)(total >> LIMB_BITS);
    }
    keep_sign_limb(into, arena);
}

void float_sum_negate(struct float_sum *sum)
{
    bignum_negate(sum->limb, sum->count); /* the limb of the sign leaves room */
}

/* The double nearest to LIMBS * 2^exponent / (a * b); the limbs are used up. COUNT has room for
 * EXTRA_LIMBS zeros in front. */
static double quotient(uint64_t *limbs, unsigned count, long exponent, uint64_t a, uint64_t b)
{
    bool const negative = limbs[count - 1] >> (LIMB_BITS - 1);
    if (negative) bignum_negate(limbs, count);
    bool const rest_a = bignum_divide(limbs, count, a);
    bool const rest_b = bignum_divide(limbs, count, b);
    double const result = bignum_round(limbs, count, exponent, rest_a || rest_b);
    return negative ? -result : result;
}

static long unit_exponent(long first)
{
    return (first - UNIT_LIMBS) * LIMB_BITS;
}

double float_sum_ratio(const struct float_sum *sum, uint64_t count)
{
    uint64_t limbs[EXTRA_LIMBS + LIMBS_MAX + 2] = {0};
    if (sum->count == 0) return 0;
    memcpy(limbs + EXTRA_LIMBS, sum->limb, sum->count * sizeof *limbs);
    return quotient(limbs, EXTRA_LIMBS + sum->count, unit_exponent((long)sum->first - EXTRA_LIMBS),
                    count, 1);
}

double float_sum_to_double(const struct float_sum *sum)
{
    return float_sum_ratio(sum, 1);
}

/* Copies |sum|; returns whether it was negative. */
static bool float_sum_load_magnitude(const struct float_sum *sum, uint64_t limbs[LIMBS_MAX + 2])
{
    bool const negative = is_negative(sum);
    if (sum->count) memcpy(limbs, sum->limb, sum->count * sizeof *limbs);
    if (negative) bignum_negate(limbs, sum->count);
    return negative;
}

/* In units of 2^-4352, the square of the unit of limb 0. Where x * y is negative, so is everything:
 * what is subtracted is a magnitude. */
double float_sum_covariance(const struct float_sum *x, const struct float_sum *y,
                            const struct float_sum *products, uint64_t count, uint64_t divisor)
{
    enum { WIDTH = EXTRA_LIMBS + 2 * LIMBS_MAX + 2 * UNIT_LIMBS };
    bool const has_sums = x->count && y->count;
    if (!has_sums && products->count == 0) return 0;
    uint64_t left[LIMBS_MAX + 2] = {0}, right[LIMBS_MAX + 2] = {0};
    uint64_t of_products[LIMBS_MAX + 2] = {0}, limbs[WIDTH] = {0};
    bool const turned =
        has_sums && float_sum_load_magnitude(x, left) != float_sum_load_magnitude(y, right);
    bool const below_zero = float_sum_load_magnitude(products, of_products);
    unsigned const sums_at = x->first + y->first, products_at = products->first + UNIT_LIMBS;
    bool const products_lower = products->count && (!has_sums || products_at < sums_at);
    unsigned const first = products_lower ? products_at : sums_at;
    if (products->count) {
        uint64_t *const at = limbs + EXTRA_LIMBS + (products_at - first);
        bignum_add_scaled(at, (unsigned)(limbs + WIDTH - at), of_products, products->count, count);
    }
    if (below_zero != turned) bignum_negate(limbs, WIDTH);
    if (has_sums) {
        uint64_t *const at = limbs + EXTRA_LIMBS + (sums_at - first);
        bignum_subtract_product(at, (unsigned)(limbs + WIDTH - at), left, x->count, right,
                                y->count);
    }
    double const result = quotient(
        limbs, WIDTH, unit_exponent((long)first - EXTRA_LIMBS - UNIT_LIMBS), count, divisor);
    return turned ? -result : result;
}

/* [first][width] and WIDTH bytes, without limbs of zero in front and bytes that only repeat
 * the sign behind. */
void float_sum_pack(const struct float_sum *sum, struct buffer *into)
{
    unsigned low = 0;
    while (low < sum->count && sum->limb[low] == 0)
        low++;
    if (low == sum->count) {
        pack_varint(into, 0);
        pack_varint(into, 0);
        return;
    }
    uint8_t bytes[(LIMBS_MAX + 2) * sizeof(uint64_t)];
    size_t width = 0;
    for (unsigned i = low; i < sum->count; i++) {
        for (unsigned shift = 0; shift < LIMB_BITS; shift += 8)
            bytes[width++] = (uint8_t)(sum->limb[i] >> shift);
    }
    uint8_t const fill = is_negative(sum) ? 0xff : 0;
    while (width > 1 && bytes[width - 1] == fill && !((bytes[width - 2] ^ fill) & 0x80))
        width--;
    pack_varint(into, sum->first + low);
    pack_varint(into, width);
    buffer_add(into, bytes, width);
}

bool float_sum_unpack(struct slice *from, struct arena *arena, struct float_sum *ret_sum)
{
    uint64_t first;
    struct slice bytes;
    struct float_sum sum = {.first = 0};
    if (!unpack_varint(from, &first) || !unpack_bytes(from, &bytes)) return false;
    unsigned const count = (unsigned)(bytes.length / sizeof(uint64_t)) + 2;
    if (first > LIMBS_MAX || bytes.length > LIMBS_MAX * sizeof(uint64_t) ||
        first + count > LIMBS_MAX + 2)
        return false;
    if (bytes.length) {
        uint64_t const fill = bytes.at[bytes.length - 1] & 0x80 ? 0xff : 0;
        sum = (struct float_sum){
            .first = (unsigned)first, .count = count, .limb = ARENA_ARRAY(arena, uint64_t, count)};
        for (size_t i = 0; i < count * sizeof(uint64_t); i++) {
            uint64_t const byte = i < bytes.length ? bytes.at[i] : fill;
            sum.limb[i / sizeof(uint64_t)] |= byte << (i % sizeof(uint64_t) * 8);
        }
    }
    *ret_sum = sum;
    return true;
}
