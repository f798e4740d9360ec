// SPDX-License-Identifier: Apache-2.0
#include "wide.h"

enum { TEN_POWER_STEP = 19 }; /* 10^19 is the greatest power of ten in a limb */
static uint64_t const ten_to_step = 10000000000000000000u;

static uint64_t power_of_ten(unsigned exponent)
{
    uint64_t power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

struct wide wide_from_signed(int128 number)
{
    struct wide wide;
    wide.limb[0] = (uint64_t)number;
    wide.limb[1] = (uint64_t)((uint128)number >> 64);
    for (size_t i = 2; i < WIDE_LIMBS; i++)
        wide.limb[i] = number < 0 ? UINT64_MAX : 0;
    return wide;
}

bool wide_is_zero(const struct wide *number)
{
    uint64_t any = 0;
    for (size_t i = 0; i < WIDE_LIMBS; i++)
        any |= number->limb[i];
    return any == 0;
}

bool wide_is_negative(const struct wide *number)
{
    return number->limb[WIDE_LIMBS - 1] >> 63;
}

void wide_negate(struct wide *number)
{
    uint64_t carry = 1;
    for (size_t i = 0; i < WIDE_LIMBS; i++) {
        number->limb[i] = ~number->limb[i] + carry;
        carry = carry && number->limb[i] == 0;
    }
}

void wide_add(struct wide *sum, const struct wide *other)
{
    uint128 carry = 0;
    for (size_t i = 0; i < WIDE_LIMBS; i++) {
        carry += (uint128)sum->limb[i] + other->limb[i];
        sum->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

int wide_compare(const struct wide *a, const struct wide *b)
{
    for (size_t i = WIDE_LIMBS; i > 0; i--) {
        if (a->limb[i - 1] != b->limb[i - 1]) return a->limb[i - 1] < b->limb[i - 1] ? -1 : 1;
    }
    return 0;
}

unsigned wide_bits(const struct wide *magnitude)
{
    for (unsigned i = WIDE_LIMBS; i > 0; i--) {
        uint64_t const limb = magnitude->limb[i - 1];
        if (limb) return i * 64 - (unsigned)__builtin_clzll(limb);
    }
    return 0;
}

uint64_t wide_scale(struct wide *magnitude, uint64_t factor)
{
    uint128 carry = 0;
    for (size_t i = 0; i < WIDE_LIMBS; i++) {
        carry += (uint128)magnitude->limb[i] * factor;
        magnitude->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return (uint64_t)carry;
}

bool wide_raise(struct wide *magnitude, unsigned exponent)
{
    while (exponent > 0) {
        unsigned const step = exponent < TEN_POWER_STEP ? exponent : TEN_POWER_STEP;
        if (wide_scale(magnitude, power_of_ten(step)) || wide_is_negative(magnitude)) return false;
        exponent -= step;
    }
    return true;
}

uint64_t wide_divide_small(struct wide *magnitude, uint64_t divisor)
{
    uint128 rest = 0;
    for (size_t i = WIDE_LIMBS; i > 0; i--) {
        rest = rest << 64 | magnitude->limb[i - 1];
        magnitude->limb[i - 1] = (uint64_t)(rest / divisor);
        rest %= divisor;
    }
    return (uint64_t)rest;
}

static void shift_in(struct wide *number, uint64_t bit)
{
    for (size_t i = 0; i < WIDE_LIMBS; i++) {
        uint64_t const out = number->limb[i] >> 63;
        number->limb[i] = number->limb[i] << 1 | bit;
        bit = out;
    }
}

void wide_divide(const struct wide *a, const struct wide *b, struct wide *ret_quotient,
                 struct wide *ret_remainder)
{
    struct wide quotient = {0}, remainder = {0}, minus_b = *b;
    wide_negate(&minus_b);
    for (unsigned i = wide_bits(a); i > 0; i--) {
        unsigned const bit = i - 1;
        shift_in(&remainder, a->limb[bit / 64] >> (bit % 64) & 1);
        bool const fits = wide_compare(&remainder, b) >= 0;
        if (fits) wide_add(&remainder, &minus_b);
        shift_in(&quotient, fits);
    }
    *ret_quotient = quotient;
    *ret_remainder = remainder;
}

bool wide_multiply(const struct wide *a, const struct wide *b, struct wide *ret)
{
    struct wide product = {0};
    for (size_t i = 0; i < WIDE_LIMBS; i++) {
        if (b->limb[i] == 0) continue;
        struct wide part = *a;
        uint64_t lost = wide_scale(&part, b->limb[i]);
        for (size_t j = 0; j < i; j++)
            lost |= part.limb[WIDE_LIMBS - 1 - j];
        if (lost) return false;
        struct wide shifted = {0};
        for (size_t j = i; j < WIDE_LIMBS; j++)
            shifted.limb[j] = part.limb[j - i];
        struct wide const before = product;
        wide_add(&product, &shifted);
        if (wide_compare(&product, &before) < 0) return false;
    }
    if (wide_is_negative(&product)) return false;
    *ret = product;
    return true;
}

size_t wide_digits(const struct wide *magnitude, char digits[WIDE_DIGITS_MAX])
{
    char reversed[WIDE_DIGITS_MAX + TEN_POWER_STEP];
    size_t count = 0;
    struct wide rest = *magnitude;
    do {
        uint64_t part = wide_divide_small(&rest, ten_to_step);
        for (int i = 0; i < TEN_POWER_STEP; i++, part /= 10)
            reversed[count++] = (char)('0' + part % 10);
    } while (!wide_is_zero(&rest));
    while (count > 1 && reversed[count - 1] == '0')
        count--;
    for (size_t i = 0; i < count; i++)
        digits[i] = reversed[count - 1 - i];
    return count;
}
