// SPDX-License-Identifier: Apache-2.0
#include "input/input_format.h"

#include <string.h>

bool input_format_read(const char *name, enum input_format *ret_format)
{
    static const struct {
        const char *name;
        enum input_format format;
    } formats[] = {{"ndjson", INPUT_NDJSON}, {"csv", INPUT_TABLE}};
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        if (strcmp(name, formats[i].name) != 0) continue;
        *ret_format = formats[i].format;
        return true;
    }
    return false;
}
