// SPDX-License-Identifier: Apache-2.0
#include "types/uint576.h"

enum { TEN_POWER_STEP = 19 }; /* 10^19 is the greatest power of ten in a limb */
static uint64_t const ten_to_step = 10000000000000000000u;

static uint64_t uint576_power_of_ten(unsigned exponent)
{
    uint64_t power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

struct uint576 uint576_from_signed(int128 number)
{
    struct uint576 wide;
    wide.limb[0] = (uint64_t)number;
    wide.limb[1] = (uint64_t)((uint128)number >> 64);
    for (size_t i = 2; i < UINT576_LIMBS; i++)
        wide.limb[i] = number < 0 ? UINT64_MAX : 0;
    return wide;
}

bool uint576_is_zero(const struct uint576 *number)
{
    uint64_t any = 0;
    for (size_t i = 0; i < UINT576_LIMBS; i++)
        any |= number->limb[i];
    return any == 0;
}

bool uint576_is_negative(const struct uint576 *number)
{
    return number->limb[UINT576_LIMBS - 1] >> 63;
}

void uint576_negate(struct uint576 *number)
{
    uint64_t carry = 1;
    for (size_t i = 0; i < UINT576_LIMBS; i++) {
        number->limb[i] = ~number->limb[i] + carry;
        carry = carry && number->limb[i] == 0;
    }
}

void uint576_add(struct uint576 *sum, const struct uint576 *other)
{
    uint128 carry = 0;
    for (size_t i = 0; i < UINT576_LIMBS; i++) {
        carry += (uint128)sum->limb[i] + other->limb[i];
        sum->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

int uint576_compare(const struct uint576 *a, const struct uint576 *b)
{
    for (size_t i = UINT576_LIMBS; i > 0; i--) {
        if (a->limb[i - 1] != b->limb[i - 1]) return a->limb[i - 1] < b->limb[i - 1] ? -1 : 1;
    }
    return 0;
}

unsigned uint576_bits(const struct uint576 *magnitude)
{
    for (unsigned i = UINT576_LIMBS; i > 0; i--) {
        uint64_t const limb = magnitude->limb[i - 1];
        if (limb) return i * 64 - (unsigned)__builtin_clzll(limb);
    }
    return 0;
}

uint64_t uint576_scale(struct uint576 *magnitude, uint64_t factor)
{
    uint128 carry = 0;
    for (size_t i = 0; i < UINT576_LIMBS; i++) {
        carry += (uint128)magnitude->limb[i] * factor;
        magnitude->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return (uint64_t)carry;
}

bool uint576_raise(struct uint576 *magnitude, unsigned exponent)
{
    while (exponent > 0) {
        unsigned const step = exponent < TEN_POWER_STEP ? exponent : TEN_POWER_STEP;
        if (uint576_scale(magnitude, uint576_power_of_ten(step)) || uint576_is_negative(magnitude))
            return false;
        exponent -= step;
    }
    return true;
}

uint64_t uint576_divide_small(struct uint576 *magnitude, uint64_t divisor)
{
    uint64_t rest = 0;
    for (size_t i = UINT576_LIMBS; i > 0; i--) {
        uint64_t *const limb = &magnitude->limb[i - 1];
        if (rest == 0 && *limb == 0) continue; /* most have only one limb */
        if (rest == 0) {
            rest = *limb % divisor;
            *limb /= divisor;
        } else {
            uint128 const part = (uint128)rest << 64 | *limb;
            *limb = (uint64_t)(part / divisor);
            rest = (uint64_t)(part % divisor);
        }
    }
    return rest;
}

static void shift_in(struct uint576 *number, uint64_t bit)
{
    for (size_t i = 0; i < UINT576_LIMBS; i++) {
        uint64_t const out = number->limb[i] >> 63;
        number->limb[i] = number->limb[i] << 1 | bit;
        bit = out;
    }
}

void uint576_divide(const struct uint576 *a, const struct uint576 *b, struct uint576 *ret_quotient,
                    struct uint576 *ret_remainder)
{
    struct uint576 quotient = {0}, remainder = {0}, minus_b = *b;
    uint576_negate(&minus_b);
    for (unsigned i = uint576_bits(a); i > 0; i--) {
        unsigned const bit = i - 1;
        shift_in(&remainder, a->limb[bit / 64] >> (bit % 64) & 1);
        bool const fits = uint576_compare(&remainder, b) >= 0;
        if (fits) uint576_add(&remainder, &minus_b);
        shift_in(&quotient, fits);
    }
    *ret_quotient = quotient;
    *ret_remainder = remainder;
}

bool uint576_multiply(const struct uint576 *a, const struct uint576 *b, struct uint576 *ret)
{
    struct uint576 product = {0};
    for (size_t i = 0; i < UINT576_LIMBS; i++) {
        if (b->limb[i] == 0) continue;
        struct uint576 part = *a;
        uint64_t lost = uint576_scale(&part, b->limb[i]);
        for (size_t j = 0; j < i; j++)
            lost |= part.limb[UINT576_LIMBS - 1 - j];
        if (lost) return false;
        struct uint576 shifted = {0};
        for (size_t j = i; j < UINT576_LIMBS; j++)
            shifted.limb[j] = part.limb[j - i];
        struct uint576 const before = product;
        uint576_add(&product, &shifted);
        if (uint576_compare(&product, &before) < 0) return false;
    }
    if (uint576_is_negative(&product)) return false;
    *ret = product;
    return true;
}

/* The digits of a limb, the last ones first; at least LEAST. Returns how many. */
static size_t write_reversed(uint64_t limb, size_t least, char *reversed)
{
    size_t count = 0;
    for (; limb > 0 || count < least; limb /= 10)
        reversed[count++] = (char)('0' + limb % 10);
    return count;
}

size_t uint576_digits(const struct uint576 *magnitude, char digits[UINT576_DIGITS_MAX])
{
    char reversed[UINT576_DIGITS_MAX + TEN_POWER_STEP];
    size_t count = 0;
    struct uint576 rest = *magnitude;
    while (uint576_bits(&rest) > 64)
        count += write_reversed(uint576_divide_small(&rest, ten_to_step), TEN_POWER_STEP,
                                &reversed[count]);
    count += write_reversed(rest.limb[0], count == 0, &reversed[count]);
    for (size_t i = 0; i < count; i++)
        digits[i] = reversed[count - 1 - i];
    return count;
}
