// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"

void buffer_done(struct buffer *buffer)
{
    if (!buffer->borrowed) free(buffer->at);
    *buffer = (struct buffer){0};
}

void buffer_grow(struct buffer *buffer, size_t more)
{
    size_t const needed = buffer->length + more;
    size_t capacity = buffer->capacity ? buffer->capacity : 64;
    while (capacity < needed)
        capacity *= 2;
    if (buffer->borrowed) {
        uint8_t *const own = memory_room(capacity);
        memcpy(own, buffer->at, buffer->length);
        buffer->at = own;
        buffer->borrowed = false;
    } else {
        buffer->at = memory_resize(buffer->at, capacity);
    }
    buffer->capacity = capacity;
}

void buffer_grow_and_add(struct buffer *buffer, const void *bytes, size_t length)
{
    buffer_grow(buffer, length);
    memcpy(buffer->at + buffer->length, bytes, length);
    buffer->length += length;
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    char unused[1]; /* only the length is asked for */
    int const length = vsnprintf(unused, sizeof unused, format, arguments);
    va_end(arguments);
    if (length > 0) {
        buffer_reserve(buffer, (size_t)length + 1); /* vsnprintf ends with a NUL */
        (void)vsnprintf((char *)buffer->at + buffer->length, (size_t)length + 1, format, again);
        buffer->length += (size_t)length;
    }
    va_end(again);
}
