/* A sum keeps the greatest scale that it has seen. What it has seen is its history, so
 * everything that leaves this file (bytes, text, doubles) is made from the canonical form,
 * without the zeros behind.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "types/decimal_sum.h"

#include <assert.h>
#include <endian.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "types/bignum.h"
#include "types/uint576.h"

enum { SCALE_MAX = 2 * DECIMAL_DIGITS };

static struct uint576 uint576_of(const struct decimal_sum *number)
{
    struct uint576 wide;
    memcpy(wide.limb, number->limb, sizeof wide.limb);
    return wide;
}

static struct decimal_sum decimal_sum_of(const struct uint576 *wide, unsigned scale)
{
    struct decimal_sum exact = {.scale = scale};
    memcpy(exact.limb, wide->limb, sizeof exact.limb);
    return exact;
}

/* The magnitude, and whether it was negative. */
static bool split_sign(struct uint576 *number)
{
    bool const negative = uint576_is_negative(number);
    if (negative) uint576_negate(number);
    return negative;
}

static void join_sign(struct uint576 *magnitude, bool negative)
{
    if (negative) uint576_negate(magnitude);
}

struct decimal_sum decimal_sum_from_int(int64_t integer)
{
    struct uint576 const wide = uint576_from_signed(integer);
    return decimal_sum_of(&wide, 0);
}

struct decimal_sum decimal_sum_from_decimal(const struct decimal *decimal)
{
    struct uint576 const wide = uint576_from_signed(decimal->coefficient);
    return decimal_sum_of(&wide, decimal->scale);
}

/* 10^18 is the greatest power of ten in a limb with a sign. */
enum { TEN_STEP = 18 };

static uint64_t decimal_sum_power_of_ten(unsigned exponent)
{
    uint64_t power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

/* Whether the number fits into one limb with its sign, as most do. */
static bool is_small(const struct decimal_sum *number, int64_t *ret_number)
{
    int64_t const small = (int64_t)number->limb[0];
    uint64_t const sign = small < 0 ? UINT64_MAX : 0;
    uint64_t others = 0;
    for (size_t i = 1; i < DECIMAL_SUM_LIMBS; i++)
        others |= number->limb[i] ^ sign;
    *ret_number = small;
    return others == 0;
}

/* SMALL * 10^EXPONENT, at most TEN_STEP: 124 bits. */
static int128 raised_small(int64_t small, unsigned exponent)
{
    return (int128)small * (int64_t)decimal_sum_power_of_ten(exponent);
}

/* false: the number does not fit with that scale. */
static bool raise_scale(struct decimal_sum *number, unsigned scale)
{
    int64_t small;
    if (number->scale >= scale) return true;
    if (scale - number->scale <= TEN_STEP && is_small(number, &small)) {
        struct uint576 const raised =
            uint576_from_signed(raised_small(small, scale - number->scale));
        *number = decimal_sum_of(&raised, scale);
        return true;
    }
    struct uint576 wide = uint576_of(number);
    bool const negative = split_sign(&wide);
    if (!uint576_raise(&wide, scale - number->scale)) return false;
    join_sign(&wide, negative);
    *number = decimal_sum_of(&wide, scale);
    return true;
}

static struct decimal_sum decimal_sum_canonical(const struct decimal_sum *number)
{
    unsigned scale = number->scale;
    int64_t small;
    if (scale == 0) return *number;
    if (is_small(number, &small)) {
        for (; scale > 0 && small % 10 == 0; scale--)
            small /= 10;
        struct uint576 const shortest = uint576_from_signed(small);
        return decimal_sum_of(&shortest, scale);
    }
    struct uint576 wide = uint576_of(number);
    bool const negative = split_sign(&wide);
    for (struct uint576 shorter = wide; scale > 0; wide = shorter, scale--) {
        if (uint576_divide_small(&shorter, 10) != 0) break;
    }
    join_sign(&wide, negative);
    return decimal_sum_of(&wide, scale);
}

/* Adds two numbers of any scale; false: the sum does not fit. */
static bool add_decimal_sum(const struct decimal_sum *a, const struct decimal_sum *b,
                            struct decimal_sum *ret)
{
    struct decimal_sum left = *a, right = *b;
    if (!raise_scale(&left, right.scale) || !raise_scale(&right, left.scale)) return false;
    struct uint576 sum = uint576_of(&left);
    struct uint576 const other = uint576_of(&right);
    bool const same_sign = uint576_is_negative(&sum) == uint576_is_negative(&other);
    uint576_add(&sum, &other);
    if (same_sign && uint576_is_negative(&sum) != uint576_is_negative(&other)) return false;
    *ret = decimal_sum_of(&sum, left.scale);
    return true;
}

/* Adds a number of the same scale: most touch the first limbs only. */
static void add_in_place(struct decimal_sum *sum, int128 number)
{
    uint64_t const sign = number < 0 ? UINT64_MAX : 0; /* all limbs from the third on */
    uint128 carry = 0;
    for (size_t i = 0; i < UINT576_LIMBS; i++) {
        if (i >= 2 && (uint64_t)carry + sign == 0) return; /* nothing more to add, or ...ff + 1 */
        uint64_t const limb = i == 0 ? (uint64_t)number : i == 1 ? (uint64_t)(number >> 64) : sign;
        carry += (uint128)sum->limb[i] + limb;
        sum->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

void decimal_sum_merge(struct decimal_sum *sum, const struct decimal_sum *other)
{
    int64_t small;
    if (is_small(other, &small) && sum->scale <= other->scale + TEN_STEP &&
        raise_scale(sum, other->scale)) {
        add_in_place(sum, raised_small(small, sum->scale - other->scale));
        return;
    }
    bool const good = add_decimal_sum(sum, other, sum);
    assert(good); /* see the promise in the header */
}

void decimal_sum_add(struct decimal_sum *sum, const struct decimal *decimal, int64_t weight)
{
    int128 const coefficient = decimal->coefficient;
    if (coefficient > INT64_MAX || coefficient < INT64_MIN) {
        struct decimal const one = decimal_from_int(1);
        decimal_sum_add_product(sum, decimal, &one, weight);
    } else if (sum->scale == decimal->scale) {
        add_in_place(sum, coefficient * weight);
    } else {
        struct uint576 const product = uint576_from_signed(coefficient * weight);
        struct decimal_sum const term = decimal_sum_of(&product, decimal->scale);
        decimal_sum_merge(sum, &term);
    }
}

void decimal_sum_add_product(struct decimal_sum *sum, const struct decimal *a,
                             const struct decimal *b, int64_t weight)
{
    int128 const x = a->coefficient, y = b->coefficient;
    bool const small = x <= INT64_MAX && x >= INT64_MIN && y <= INT64_MAX && y >= INT64_MIN;
    if (small && (weight == 1 || weight == -1)) {
        int128 const number = x * y * weight; /* 127 bits */
        unsigned const scale = a->scale + b->scale;
        if (sum->scale <= scale && raise_scale(sum, scale)) {
            add_in_place(sum, number);
        } else {
            struct uint576 const wide = uint576_from_signed(number);
            struct decimal_sum const term = decimal_sum_of(&wide, scale);
            decimal_sum_merge(sum, &term);
        }
        return;
    }
    struct uint576 left = uint576_from_signed(x), right = uint576_from_signed(y), product;
    bool const negative = split_sign(&left) != split_sign(&right);
    bool const fits = uint576_multiply(&left, &right, &product);
    assert(fits); /* 254 bits */
    (void)uint576_scale(&product, weight < 0 ? -(uint64_t)weight : (uint64_t)weight);
    join_sign(&product, negative != (weight < 0));
    struct decimal_sum const term = decimal_sum_of(&product, a->scale + b->scale);
    decimal_sum_merge(sum, &term);
}

void decimal_sum_negate(struct decimal_sum *number)
{
    struct uint576 wide = uint576_of(number);
    uint576_negate(&wide);
    *number = decimal_sum_of(&wide, number->scale);
}

bool decimal_sum_is_zero(const struct decimal_sum *number)
{
    struct uint576 const wide = uint576_of(number);
    return uint576_is_zero(&wide);
}

bool decimal_sum_is_negative(const struct decimal_sum *number)
{
    return number->limb[DECIMAL_SUM_LIMBS - 1] >> (LIMB_BITS - 1);
}

bool decimal_sum_plus(const struct decimal_sum *a, const struct decimal_sum *b,
                      struct decimal_sum *ret)
{
    return add_decimal_sum(a, b, ret);
}

bool decimal_sum_minus(const struct decimal_sum *a, const struct decimal_sum *b,
                       struct decimal_sum *ret)
{
    struct uint576 wide = uint576_of(b);
    uint576_negate(&wide);
    struct decimal_sum const minus_b = decimal_sum_of(&wide, b->scale);
    return add_decimal_sum(a, &minus_b, ret);
}

bool decimal_sum_times(const struct decimal_sum *a, const struct decimal_sum *b,
                       struct decimal_sum *ret)
{
    struct decimal_sum const short_a = decimal_sum_canonical(a), short_b = decimal_sum_canonical(b);
    struct uint576 left = uint576_of(&short_a), right = uint576_of(&short_b), product;
    bool const negative = split_sign(&left) != split_sign(&right);
    unsigned const scale = short_a.scale + short_b.scale;
    if (!uint576_multiply(&left, &right, &product)) return false;
    join_sign(&product, negative);
    struct decimal_sum const exact = decimal_sum_of(&product, scale);
    struct decimal_sum const result = decimal_sum_canonical(&exact);
    if (result.scale > SCALE_MAX) return false;
    *ret = result;
    return true;
}

/* a * 10^b_scale / (b * 10^a_scale) with the common powers of ten left out. false:
 * too wide for that. */
static bool align(struct uint576 *a, unsigned a_scale, struct uint576 *b, unsigned b_scale)
{
    if (a_scale < b_scale) return uint576_raise(a, b_scale - a_scale);
    return uint576_raise(b, a_scale - b_scale);
}

/* The double nearest to the magnitude OVER / UNDER, ties to even: 66 or more bits of the quotient,
 * the last of them set if anything is left, and one rounding by ldexp-free conversion. */
static double decimal_sum_divide(struct uint576 over, struct uint576 under)
{
    struct uint576 quotient, rest;
    int exponent = 0;
    /* Scale so that the quotient has 64 to 65 bits and the remainder says the rest. */
    int const shift = 65 - ((int)uint576_bits(&over) - (int)uint576_bits(&under));
    for (int i = shift; i > 0; i--, exponent--) {
        if (uint576_bits(&over) >= UINT576_BITS - 2) break;
        (void)uint576_scale(&over, 2);
    }
    for (int i = shift; i < 0; i++, exponent++) {
        if (uint576_bits(&under) >= UINT576_BITS - 2) break;
        (void)uint576_scale(&under, 2);
    }
    uint576_divide(&over, &under, &quotient, &rest);
    uint128 bits = (uint128)quotient.limb[1] << 64 | quotient.limb[0];
    bits |= !uint576_is_zero(&rest);
    /* 53 bits and two for rounding are enough; keep them below 2^64 with a sticky last bit. */
    while (bits > UINT64_MAX) {
        bits = bits >> 1 | (bits & 1);
        exponent++;
    }
    return ldexp((double)(uint64_t)bits, exponent);
}

double decimal_sum_ratio(const struct decimal_sum *a, const struct decimal_sum *b)
{
    static uint64_t const whole_doubles = (uint64_t)1 << DBL_MANT_DIG;
    struct decimal_sum const short_a = decimal_sum_canonical(a), short_b = decimal_sum_canonical(b);
    struct uint576 over = uint576_of(&short_a), under = uint576_of(&short_b);
    bool const negative = split_sign(&over) != split_sign(&under);
    if (uint576_is_zero(&over)) return 0;
    double ratio;
    if (!align(&over, short_a.scale, &under, short_b.scale))
        /* Only a product of two sums can be that wide: the nearest doubles have to do. */
        ratio = fabs(decimal_sum_to_double(a)) / fabs(decimal_sum_to_double(b));
    else if (uint576_bits(&over) <= 64 && uint576_bits(&under) <= 64 &&
             over.limb[0] < whole_doubles && under.limb[0] < whole_doubles)
        ratio = (double)over.limb[0] / (double)under.limb[0]; /* both exact: rounded once */
    else
        ratio = decimal_sum_divide(over, under);
    return negative ? -ratio : ratio;
}

enum { COVARIANCE_LIMBS = 32, QUOTIENT_LIMBS = 8 };

/* LIMBS *= 10^exponent, in steps of what a limb holds. */
static void raise_limbs(uint64_t limbs[COVARIANCE_LIMBS], unsigned exponent)
{
    while (exponent > 0) {
        unsigned const step = exponent < TEN_STEP ? exponent : TEN_STEP;
        uint64_t raised[COVARIANCE_LIMBS] = {0};
        bignum_add_scaled(raised, COVARIANCE_LIMBS, limbs, COVARIANCE_LIMBS,
                          decimal_sum_power_of_ten(step));
        memcpy(limbs, raised, sizeof raised);
        exponent -= step;
    }
}

/* LIMBS = |number| in units of 10^-scale; returns whether it was negative. */
static bool decimal_sum_load_magnitude(const struct decimal_sum *number, unsigned scale,
                                       uint64_t limbs[COVARIANCE_LIMBS])
{
    struct uint576 wide = uint576_of(number);
    bool const negative = split_sign(&wide);
    memset(limbs, 0, COVARIANCE_LIMBS * sizeof *limbs);
    memcpy(limbs, wide.limb, sizeof wide.limb);
    raise_limbs(limbs, scale - number->scale);
    return negative;
}

static bool divide_by_ten(uint64_t *limbs, unsigned count, unsigned exponent)
{
    bool sticky = false;
    while (exponent > 0) {
        unsigned const step = exponent < TEN_STEP ? exponent : TEN_STEP;
        sticky |= bignum_divide(limbs, count, decimal_sum_power_of_ten(step));
        exponent -= step;
    }
    return sticky;
}

/* Sums are brought to scale s and their products to 2s, so that the numerator is a whole number;
 * below it, limbs of zero give the quotient its bits after all divisions. Where x * y is negative,
 * so is everything: what is subtracted is a magnitude. */
double decimal_sum_covariance(const struct decimal_sum *x, const struct decimal_sum *y,
                              const struct decimal_sum *products, uint64_t count, uint64_t divisor)
{
    struct decimal_sum const short_x = decimal_sum_canonical(x), short_y = decimal_sum_canonical(y);
    struct decimal_sum const short_products = decimal_sum_canonical(products);
    unsigned const of_sums = short_x.scale > short_y.scale ? short_x.scale : short_y.scale;
    unsigned const half = (short_products.scale + 1) / 2;
    unsigned const scale = of_sums > half ? of_sums : half;
    uint64_t left[COVARIANCE_LIMBS], right[COVARIANCE_LIMBS], of_products[COVARIANCE_LIMBS];
    uint64_t limbs[QUOTIENT_LIMBS + COVARIANCE_LIMBS] = {0};
    uint64_t *const numerator = limbs + QUOTIENT_LIMBS;
    bool const turned = decimal_sum_load_magnitude(&short_x, scale, left) !=
                        decimal_sum_load_magnitude(&short_y, scale, right);
    bool const below_zero = decimal_sum_load_magnitude(&short_products, 2 * scale, of_products);
    bignum_add_scaled(numerator, COVARIANCE_LIMBS, of_products, COVARIANCE_LIMBS, count);
    if (below_zero != turned) bignum_negate(numerator, COVARIANCE_LIMBS);
    bignum_subtract_product(numerator, COVARIANCE_LIMBS, left, COVARIANCE_LIMBS, right,
                            COVARIANCE_LIMBS);
    bool const negative = limbs[COUNT_OF(limbs) - 1] >> (LIMB_BITS - 1);
    if (negative) bignum_negate(limbs, COUNT_OF(limbs));
    bool sticky = bignum_divide(limbs, COUNT_OF(limbs), count);
    sticky |= bignum_divide(limbs, COUNT_OF(limbs), divisor);
    sticky |= divide_by_ten(limbs, COUNT_OF(limbs), 2 * scale);
    double const result =
        bignum_round(limbs, COUNT_OF(limbs), -(long)(QUOTIENT_LIMBS * LIMB_BITS), sticky);
    return negative != turned ? -result : result;
}

double decimal_sum_to_double(const struct decimal_sum *number)
{
    struct decimal_sum const one = decimal_sum_from_int(1);
    return decimal_sum_ratio(number, &one);
}

bool decimal_sum_to_decimal(const struct decimal_sum *number, struct decimal *ret_decimal)
{
    struct decimal_sum const shortest = decimal_sum_canonical(number);
    int64_t small;
    if (shortest.scale <= DECIMAL_DIGITS && is_small(&shortest, &small)) {
        *ret_decimal = (struct decimal){.coefficient = small, .scale = shortest.scale};
        return true;
    }
    struct uint576 wide = uint576_of(&shortest);
    bool const negative = split_sign(&wide);
    if (shortest.scale > DECIMAL_DIGITS || uint576_bits(&wide) >= 2 * LIMB_BITS) return false;
    uint128 const magnitude = (uint128)wide.limb[1] << LIMB_BITS | wide.limb[0];
    if (!decimal_fits(magnitude)) return false;
    *ret_decimal = (struct decimal){
        .coefficient = negative ? -(int128)magnitude : (int128)magnitude, .scale = shortest.scale};
    return true;
}

size_t decimal_sum_write(const struct decimal_sum *number, char text[DECIMAL_SUM_TEXT_BYTES])
{
    struct decimal_sum const shortest = decimal_sum_canonical(number);
    struct uint576 wide = uint576_of(&shortest);
    char digits[UINT576_DIGITS_MAX];
    size_t length = 0;
    if (split_sign(&wide)) text[length++] = '-';
    size_t const count = uint576_digits(&wide, digits);
    unsigned const scale = shortest.scale;
    if (count <= scale) { /* 0.05 */
        text[length++] = '0';
        text[length++] = '.';
        for (size_t i = count; i < scale; i++)
            text[length++] = '0';
        memcpy(text + length, digits, count);
        return length + count;
    }
    memcpy(text + length, digits, count - scale);
    length += count - scale;
    if (scale == 0) return length;
    text[length++] = '.';
    memcpy(text + length, digits + count - scale, scale);
    return length + scale;
}

/* [width][scale] and WIDTH bytes of two's complement, little-endian, without those that only
 * repeat the sign. */
size_t decimal_sum_pack(const struct decimal_sum *number, uint8_t bytes[DECIMAL_SUM_PACKED_BYTES])
{
    struct decimal_sum const shortest = decimal_sum_canonical(number);
    uint64_t const fill = decimal_sum_is_negative(&shortest) ? UINT64_MAX : 0;
    size_t limbs = DECIMAL_SUM_LIMBS;
    while (limbs > 1 && shortest.limb[limbs - 1] == fill)
        limbs--; /* one too many where the last bit of the next is no sign */
    uint64_t all[DECIMAL_SUM_LIMBS + 1];
    for (size_t i = 0; i < limbs; i++)
        all[i] = htole64(shortest.limb[i]);
    all[limbs] = fill;
    const uint8_t *const at = (const uint8_t *)all;
    size_t width = limbs < DECIMAL_SUM_LIMBS ? limbs * 8 + 1 : limbs * 8;
    while (width > 0 && at[width - 1] == (uint8_t)fill &&
           ((width > 1 ? at[width - 2] : 0) & 0x80) == (fill & 0x80))
        width--;
    bytes[0] = (uint8_t)width;
    bytes[1] = (uint8_t)shortest.scale;
    memcpy(bytes + 2, all, width);
    return width + 2;
}

size_t decimal_sum_unpack(struct slice bytes, struct decimal_sum *ret_number)
{
    if (bytes.length < 2) return 0;
    size_t const width = bytes.at[0];
    if (width > DECIMAL_SUM_LIMBS * 8 || bytes.length < 2 + width || bytes.at[1] > SCALE_MAX)
        return 0;
    bool const negative = width && bytes.at[1 + width] & 0x80;
    memset(ret_number->limb, negative ? 0xff : 0, sizeof ret_number->limb);
    memcpy(ret_number->limb, bytes.at + 2, width);
    for (size_t i = 0; i * 8 < width; i++)
        ret_number->limb[i] = le64toh(ret_number->limb[i]);
    ret_number->scale = bytes.at[1];
    return 2 + width;
}

size_t double_write(double number, char text[DOUBLE_TEXT_BYTES])
{
    number += 0.0; /* no "-0" */
    int precision = fabs(number) < DBL_MIN ? 1 : DBL_DIG;
    int length;
    do {
        length = snprintf(text, DOUBLE_TEXT_BYTES, "%.*g", precision, number);
    } while (strtod(text, NULL) != number && ++precision <= DBL_DECIMAL_DIG);
    return (size_t)length;
}
