// SPDX-License-Identifier: Apache-2.0
#include "types/decimal.h"

#include <assert.h>

#include "base/ascii.h"
#include "types/uint576.h"

enum { FAST_DIGITS = 18, EXPONENT_DIGITS_MAX = 9 };
/* A number of 64 bits has 124 when it is raised by that many powers of ten. */
enum { SMALL_STEP = 18 };

static uint128 decimal_power_of_ten(unsigned exponent)
{
    uint128 power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

static uint128 magnitude_of(int128 number)
{
    return number < 0 ? -(uint128)number : (uint128)number;
}

/* What decimal_read collects: digits without the zeros at their ends, and where the point is. */
struct digits {
    uint128 coefficient;
    int64_t scale;  /* digits behind the point that `coefficient` has */
    unsigned count; /* of digits in `coefficient` */
    uint64_t zeros; /* held back: they count only if another digit follows */
    bool any;
    bool too_long;
};

static void add_digit(struct digits *digits, unsigned digit, bool behind_point)
{
    digits->any = true;
    if (behind_point) digits->scale++;
    if (digit == 0) {
        if (digits->count) digits->zeros++;
        return;
    }
    if (digits->count + digits->zeros + 1 > DECIMAL_DIGITS) {
        digits->too_long = true;
        return;
    }
    digits->coefficient =
        digits->coefficient * decimal_power_of_ten((unsigned)digits->zeros + 1) + digit;
    digits->count += (unsigned)digits->zeros + 1;
    digits->zeros = 0;
}

static bool read_exponent(struct slice text, size_t *at, int64_t *ret_exponent)
{
    bool negative = false, any = false;
    int64_t exponent = 0;
    if (*at < text.length && (text.at[*at] == '+' || text.at[*at] == '-'))
        negative = text.at[(*at)++] == '-';
    for (; *at < text.length && ascii_is_digit(text.at[*at]); (*at)++) {
        any = true;
        if (exponent < 1000000000000) exponent = exponent * 10 + (text.at[*at] - '0');
    }
    *ret_exponent = negative ? -exponent : exponent;
    return any;
}

static enum decimal_reading decimal_finish(struct digits *digits, bool negative,
                                           struct decimal *ret)
{
    if (digits->coefficient == 0 && !digits->too_long) {
        *ret = (struct decimal){0};
        return DECIMAL_READ;
    }
    if (digits->too_long) return DECIMAL_TOO_LONG;
    /* The zeros held back at the end are no part of the coefficient. */
    int64_t scale = digits->scale - (int64_t)digits->zeros;
    if (scale > DECIMAL_DIGITS) return DECIMAL_TOO_LONG;
    if (scale < 0) {
        if (digits->count - scale > DECIMAL_DIGITS) return DECIMAL_TOO_LONG;
        digits->coefficient *= decimal_power_of_ten((unsigned)-scale);
        scale = 0;
    }
    int128 const coefficient = (int128)digits->coefficient;
    *ret = (struct decimal){.coefficient = negative ? -coefficient : coefficient,
                            .scale = (unsigned)scale};
    return DECIMAL_READ;
}

/* Most numbers are short integers. */
static bool read_short(struct slice text, struct decimal *ret)
{
    size_t i = text.length && text.at[0] == '-' ? 1 : 0;
    size_t const digits = text.length - i;
    int64_t number = 0;
    if (digits == 0 || digits > FAST_DIGITS) return false;
    for (size_t at = i; at < text.length; at++) {
        if (!ascii_is_digit(text.at[at])) return false;
        number = number * 10 + (text.at[at] - '0');
    }
    *ret = (struct decimal){.coefficient = i ? -number : number};
    return true;
}

enum decimal_reading decimal_read(struct slice text, struct decimal *ret_decimal)
{
    struct digits digits = {0};
    size_t at = 0;
    int64_t exponent = 0;
    if (read_short(text, ret_decimal)) return DECIMAL_READ;
    bool const negative = text.length && text.at[0] == '-';
    if (text.length && (text.at[0] == '-' || text.at[0] == '+')) at++;
    for (; at < text.length && ascii_is_digit(text.at[at]); at++)
        add_digit(&digits, text.at[at] - (unsigned)'0', false);
    if (at < text.length && text.at[at] == '.') {
        for (at++; at < text.length && ascii_is_digit(text.at[at]); at++)
            add_digit(&digits, text.at[at] - (unsigned)'0', true);
    }
    if (!digits.any) return DECIMAL_MALFORMED;
    if (at < text.length && (text.at[at] == 'e' || text.at[at] == 'E')) {
        at++;
        if (!read_exponent(text, &at, &exponent)) return DECIMAL_MALFORMED;
    }
    if (at != text.length) return DECIMAL_MALFORMED;
    digits.scale -= exponent;
    return decimal_finish(&digits, negative, ret_decimal);
}

struct decimal decimal_from_int(int64_t integer)
{
    return (struct decimal){.coefficient = integer};
}

bool decimal_to_int(const struct decimal *decimal, int64_t *ret_integer)
{
    if (decimal->scale != 0) return false; /* canonical: there is something behind the point */
    if (decimal->coefficient > INT64_MAX || decimal->coefficient < INT64_MIN) return false;
    *ret_integer = (int64_t)decimal->coefficient;
    return true;
}

bool decimal_fits(uint128 magnitude)
{
    static uint128 const half = 10000000000000000000u; /* of the digits: 10^19 */
    _Static_assert(DECIMAL_DIGITS == 2 * 19, "the two halves");
    return magnitude < half * half;
}

/* The canonical decimal of a signed wide number / 10^scale, if it fits. */
static bool from_wide(struct uint576 number, unsigned scale, struct decimal *ret)
{
    bool const negative = uint576_is_negative(&number);
    if (negative) uint576_negate(&number);
    while (scale > 0) {
        struct uint576 shorter = number;
        if (uint576_divide_small(&shorter, 10) != 0) break;
        number = shorter;
        scale--;
    }
    if (uint576_is_zero(&number)) scale = 0;
    if (uint576_bits(&number) > 127 || scale > DECIMAL_DIGITS) return false;
    uint128 const magnitude = (uint128)number.limb[1] << 64 | number.limb[0];
    if (!decimal_fits(magnitude)) return false;
    *ret = (struct decimal){.coefficient = negative ? -(int128)magnitude : (int128)magnitude,
                            .scale = scale};
    return true;
}

static bool decimal_is_small(int128 number)
{
    return number <= INT64_MAX && number >= INT64_MIN;
}

static struct decimal decimal_canonical(int128 coefficient, unsigned scale)
{
    while (scale > 0 && coefficient % 10 == 0) {
        coefficient /= 10;
        scale--;
    }
    return (struct decimal){.coefficient = coefficient, .scale = scale};
}

/* NUMBER * 10^exponent, as a signed wide. At most 10^38 * 10^38: always fits. */
static struct uint576 raised(int128 number, unsigned exponent)
{
    struct uint576 wide = uint576_from_signed(number);
    bool const negative = number < 0;
    if (negative) uint576_negate(&wide);
    bool const good = uint576_raise(&wide, exponent);
    assert(good);
    if (negative) uint576_negate(&wide);
    return wide;
}

bool decimal_add(const struct decimal *a, const struct decimal *b, struct decimal *ret)
{
    if (a->scale == b->scale && decimal_is_small(a->coefficient) &&
        decimal_is_small(b->coefficient)) {
        *ret = decimal_canonical(a->coefficient + b->coefficient, a->scale);
        return true;
    }
    unsigned const scale = a->scale > b->scale ? a->scale : b->scale;
    struct uint576 sum = raised(a->coefficient, scale - a->scale);
    struct uint576 const other = raised(b->coefficient, scale - b->scale);
    uint576_add(&sum, &other);
    return from_wide(sum, scale, ret);
}

bool decimal_subtract(const struct decimal *a, const struct decimal *b, struct decimal *ret)
{
    struct decimal const minus_b = {.coefficient = -b->coefficient, .scale = b->scale};
    return decimal_add(a, &minus_b, ret);
}

bool decimal_multiply(const struct decimal *a, const struct decimal *b, struct decimal *ret)
{
    unsigned const scale = a->scale + b->scale;
    if (decimal_is_small(a->coefficient) && decimal_is_small(b->coefficient)) {
        struct decimal const product = decimal_canonical(a->coefficient * b->coefficient, scale);
        if (product.scale > DECIMAL_DIGITS || !decimal_fits(magnitude_of(product.coefficient)))
            return false;
        *ret = product;
        return true;
    }
    bool const negative = (a->coefficient < 0) != (b->coefficient < 0);
    struct uint576 const left = uint576_from_signed((int128)magnitude_of(a->coefficient));
    struct uint576 const right = uint576_from_signed((int128)magnitude_of(b->coefficient));
    struct uint576 product;
    bool const good = uint576_multiply(&left, &right, &product); /* 254 bits at most */
    assert(good);
    if (negative) uint576_negate(&product);
    return from_wide(product, scale, ret);
}

bool decimal_divide(const struct decimal *a, const struct decimal *b, struct decimal *ret)
{
    bool const negative = (a->coefficient < 0) != (b->coefficient < 0);
    /* a / b * 10^18 = a.coefficient * 10^(18 + b.scale) / (b.coefficient * 10^a.scale) */
    struct uint576 const over =
        raised((int128)magnitude_of(a->coefficient), DECIMAL_QUOTIENT_SCALE + b->scale);
    struct uint576 const under = raised((int128)magnitude_of(b->coefficient), a->scale);
    struct uint576 quotient, rest;
    uint576_divide(&over, &under, &quotient, &rest);
    (void)uint576_scale(&rest, 2); /* less than 2 * 10^76: fits */
    if (uint576_compare(&rest, &under) >= 0) {
        struct uint576 const one = uint576_from_signed(1);
        uint576_add(&quotient, &one);
    }
    if (negative) uint576_negate(&quotient);
    return from_wide(quotient, DECIMAL_QUOTIENT_SCALE, ret);
}

int decimal_compare(const struct decimal *a, const struct decimal *b)
{
    if (a->scale == b->scale)
        return (a->coefficient > b->coefficient) - (a->coefficient < b->coefficient);
    unsigned const scale = a->scale > b->scale ? a->scale : b->scale;
    if (decimal_is_small(a->coefficient) && decimal_is_small(b->coefficient) &&
        scale - a->scale <= SMALL_STEP && scale - b->scale <= SMALL_STEP) {
        int128 const left = a->coefficient * (int128)decimal_power_of_ten(scale - a->scale);
        int128 const right = b->coefficient * (int128)decimal_power_of_ten(scale - b->scale);
        return (left > right) - (left < right);
    }
    struct uint576 difference = raised(a->coefficient, scale - a->scale);
    struct uint576 minus_b = raised(b->coefficient, scale - b->scale);
    uint576_negate(&minus_b);
    uint576_add(&difference, &minus_b);
    if (uint576_is_zero(&difference)) return 0;
    return uint576_is_negative(&difference) ? -1 : 1;
}

size_t decimal_write(const struct decimal *decimal, char text[DECIMAL_TEXT_BYTES])
{
    char reversed[DECIMAL_TEXT_BYTES];
    size_t count = 0, length = 0;
    uint128 rest = magnitude_of(decimal->coefficient);
    while (rest > UINT64_MAX) {
        reversed[count++] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    }
    for (uint64_t low = (uint64_t)rest; low || count <= decimal->scale; low /= 10)
        reversed[count++] = (char)('0' + low % 10);
    if (decimal->coefficient < 0) text[length++] = '-';
    while (count > 0) {
        if (count == decimal->scale) text[length++] = '.';
        text[length++] = reversed[--count];
    }
    return length;
}
