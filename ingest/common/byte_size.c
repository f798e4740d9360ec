// SPDX-License-Identifier: Apache-2.0
#include "common/byte_size.h"

#include <stdint.h>
#include <string.h>

bool byte_size_read(const char *text, size_t *ret_bytes)
{
    static const char units[] = "KMGT";
    size_t bytes = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        size_t const digit = (size_t)(*at - '0');
        if (bytes > (SIZE_MAX - digit) / 10) return false;
        bytes = bytes * 10 + digit;
    }
    if (at == text) return false;
    const char *const unit = *at ? strchr(units, *at & ~0x20) : NULL;
    if (unit) {
        unsigned const shift = 10 * (unsigned)(unit - units + 1);
        if (bytes > SIZE_MAX >> shift) return false;
        bytes <<= shift;
        at++;
        if (at[0] == 'i') at++;
    }
    if (*at == 'B' || *at == 'b') at++;
    if (*at) return false;
    *ret_bytes = bytes;
    return true;
}
