// SPDX-License-Identifier: Apache-2.0
#include "types/bignum.h"

#include <float.h>
#include <math.h>

#include "types/decimal.h"

enum { LEAST_EXPONENT = -1074 }; /* of a double */

void bignum_negate(uint64_t *limb, unsigned count)
{
    uint64_t carry = 1;
    for (unsigned i = 0; i < count; i++) {
        limb[i] = ~limb[i] + carry;
        carry = carry && limb[i] == 0;
    }
}

bool bignum_divide(uint64_t *magnitude, unsigned count, uint64_t divisor)
{
    uint64_t rest = 0;
    for (unsigned i = count; i > 0; i--) {
        uint128 const over = (uint128)rest << LIMB_BITS | magnitude[i - 1];
        magnitude[i - 1] = (uint64_t)(over / divisor);
        rest = (uint64_t)(over % divisor);
    }
    return rest != 0;
}

static uint64_t bit_at(const uint64_t *magnitude, long bit)
{
    return bit < 0 ? 0 : magnitude[bit / LIMB_BITS] >> (bit % LIMB_BITS) & 1;
}

double bignum_round(const uint64_t *magnitude, unsigned count, long exponent, bool sticky)
{
    while (count && magnitude[count - 1] == 0)
        count--;
    if (count == 0) return 0;
    long const top = (long)count * LIMB_BITS - 1 - __builtin_clzll(magnitude[count - 1]);
    long last = top - (DBL_MANT_DIG - 1); /* the bit that becomes the mantissa's last */
    if (last + exponent < LEAST_EXPONENT) last = LEAST_EXPONENT - exponent;
    uint64_t mantissa = 0;
    for (long bit = top; bit >= last; bit--)
        mantissa = mantissa << 1 | bit_at(magnitude, bit);
    bool const half = last - 1 <= top && bit_at(magnitude, last - 1);
    for (long bit = (last - 2 < top ? last - 2 : top); bit >= 0 && !sticky; bit--)
        sticky = bit_at(magnitude, bit);
    if (half && (sticky || (mantissa & 1))) mantissa++;
    long const scale = last + exponent;
    return ldexp((double)mantissa, scale > 2000 ? 2000 : (int)scale);
}

void bignum_subtract_product(uint64_t *into, unsigned into_count, const uint64_t *a,
                             unsigned a_count, const uint64_t *b, unsigned b_count)
{
    for (unsigned i = 0; i < a_count; i++) {
        uint64_t carry = 0;
        for (unsigned j = 0; i + j < into_count; j++) {
            if (j >= b_count && carry == 0) break;
            uint128 const product = (uint128)a[i] * (j < b_count ? b[j] : 0) + carry;
            uint64_t const low = (uint64_t)product, held = into[i + j];
            into[i + j] = held - low;
            carry = (uint64_t)(product >> LIMB_BITS) + (held < low);
        }
    }
}

void bignum_add_scaled(uint64_t *into, unsigned into_count, const uint64_t *a, unsigned count,
                       uint64_t factor)
{
    uint64_t carry = 0;
    for (unsigned i = 0; i < into_count; i++) {
        uint128 const product = (uint128)(i < count ? a[i] : 0) * factor + into[i] + carry;
        into[i] = (uint64_t)product;
        carry = (uint64_t)(product >> LIMB_BITS);
    }
}
