// SPDX-License-Identifier: Apache-2.0
#include "common/printable.h"

#include "types/value.h"

/* C1 controls (U+0080 to U+009F) drive terminals as much as the ones below the blank. */
static bool is_plain(struct slice character, size_t length)
{
    if (length == 0) return false;
    if (length == 1) return character.at[0] >= 0x20 && character.at[0] != 0x7f;
    return length != 2 || character.at[0] != 0xc2 || character.at[1] >= 0xa0;
}

static void write_byte(uint8_t byte, struct buffer *into)
{
    switch (byte) {
    case '\t': buffer_add_text(into, "\\t"); break;
    case '\n': buffer_add_text(into, "\\n"); break;
    case '\r': buffer_add_text(into, "\\r"); break;
    default: buffer_format(into, "\\x%02x", byte); break;
    }
}

void printable_write(struct slice text, size_t most_bytes, struct buffer *into)
{
    size_t const start = into->length;
    while (text.length > 0) {
        size_t const length = utf8_length(text);
        if (into->length - start + (length ? length : 1) > most_bytes) {
            buffer_add_text(into, "...");
            return;
        }
        size_t step = length;
        if (is_plain(text, length)) {
            buffer_add(into, text.at, length);
        } else {
            write_byte(text.at[0], into);
            step = 1;
        }
        text = slice_of(text.at + step, text.length - step);
    }
}
