/* bytes.h - a borrowed run of bytes and a growing buffer.
 *
 * Place    everywhere.
 * Memory   a slice owns nothing: whoever returns one says until when it lives.
 *          A buffer owns its bytes until buffer_done.
 * Threads  slices are values; a buffer has one owner at a time.
 * Errors   none: a buffer that cannot grow ends the process, as arena.h does.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"

struct slice {
    const uint8_t *at;
    size_t length;
};

static inline struct slice slice_of(const void *at, size_t length)
{
    return (struct slice){.at = at, .length = length};
}

static inline struct slice slice_text(const char *text)
{
    return slice_of(text, strlen(text));
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

static inline bool slice_is(struct slice slice, const char *text)
{
    return slice_equal(slice, slice_text(text));
}

static inline bool slice_starts(struct slice slice, struct slice prefix)
{
    return slice.length >= prefix.length &&
           (prefix.length == 0 || memcmp(slice.at, prefix.at, prefix.length) == 0);
}

/* Order of memcmp, a prefix before what it begins. */
static inline int slice_compare(struct slice a, struct slice b)
{
    size_t const common = a.length < b.length ? a.length : b.length;
    int const order = common ? memcmp(a.at, b.at, common) : 0;
    if (order != 0) return order;
    return (a.length > b.length) - (a.length < b.length);
}

/* Zero-initialised is empty. Append functions abort the process when memory is gone, as
 * everything that is held in a buffer is bounded elsewhere: see docs/limits.md. */
struct buffer {
    uint8_t *at;
    size_t length;
    size_t capacity;
    bool borrowed; /* the bytes are STACK_BUFFER's: not to be freed */
};

void buffer_done(struct buffer *buffer); /* takes zeroed and half-built ones */
#define AUTO_BUFFER AUTO(buffer_done)
/* A buffer in this scope that takes no memory from the heap unless it outgrows BYTES. */
#define STACK_BUFFER(name, bytes)                                                                  \
    uint8_t name##_room[bytes];                                                                    \
    AUTO_BUFFER struct buffer name = {                                                             \
        .at = name##_room, .capacity = sizeof name##_room, .borrowed = true}
/* The rare halves of the two below: beyond the capacity. */
COLD void buffer_grow(struct buffer *buffer, size_t more);
COLD void buffer_grow_and_add(struct buffer *buffer, const void *bytes, size_t length);

static inline void buffer_reserve(struct buffer *buffer, size_t more)
{
    if (more > buffer->capacity - buffer->length) buffer_grow(buffer, more);
}

static inline void buffer_add(struct buffer *buffer, const void *bytes, size_t length)
{
    if (length == 0) return;
    if (length > buffer->capacity - buffer->length) {
        buffer_grow_and_add(buffer, bytes, length);
        return;
    }
    memcpy(buffer->at + buffer->length, bytes, length);
    buffer->length += length;
}

static inline void buffer_add_slice(struct buffer *buffer, struct slice slice)
{
    buffer_add(buffer, slice.at, slice.length);
}

static inline void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
}

static inline void buffer_set(struct buffer *buffer, struct slice slice)
{
    buffer_clear(buffer);
    buffer_add_slice(buffer, slice);
}

static inline void buffer_add_text(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

static inline void buffer_add_byte(struct buffer *buffer, uint8_t byte)
{
    buffer_reserve(buffer, 1);
    buffer->at[buffer->length++] = byte;
}

void buffer_format(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

static inline struct slice buffer_slice(const struct buffer *buffer)
{
    return slice_of(buffer->at, buffer->length);
}
