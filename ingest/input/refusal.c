// SPDX-License-Identifier: Apache-2.0
#include "input/refusal.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/printable.h"

enum { SHOWN_NAME_BYTES = 100, SHOWN_VALUE_BYTES = 60, SHOWN_TEXT_BYTES = 1000 };

void refusal_done(struct refusal *refusal)
{
    buffer_done(&refusal->text);
    buffer_done(&refusal->kind);
}

/* A refusal is set once a rejected record: 200 bytes are enough for every format that is used. */
static void add_formatted(struct buffer *into, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void add_formatted(struct buffer *into, const char *format, va_list arguments)
{
    char text[200];
    int const length = vsnprintf(text, sizeof text, format, arguments);
    if (length < 0) return;
    printable_write(slice_text(text), sizeof text, into);
}

void refusal_set(struct refusal *refusal, const char *format, ...)
{
    va_list arguments;
    buffer_clear(&refusal->text);
    buffer_clear(&refusal->kind);
    va_start(arguments, format);
    add_formatted(&refusal->kind, format, arguments);
    va_end(arguments);
    buffer_add_slice(&refusal->text, buffer_slice(&refusal->kind));
}

void refusal_detail(struct refusal *refusal, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_formatted(&refusal->text, format, arguments);
    va_end(arguments);
}

void refusal_add(struct refusal *refusal, const char *what, struct slice text)
{
    buffer_add_text(&refusal->text, what);
    printable_write(text, SHOWN_TEXT_BYTES, &refusal->text);
}

void refusal_set_value(struct refusal *refusal, struct slice field, struct slice value,
                       const char *what)
{
    refusal_set_field(refusal, field, "not ");
    buffer_add_text(&refusal->kind, what);
    buffer_clear(&refusal->text);
    printable_write(field, SHOWN_NAME_BYTES, &refusal->text);
    buffer_add_text(&refusal->text, ": '");
    printable_write(value, SHOWN_VALUE_BYTES, &refusal->text);
    buffer_format(&refusal->text, "' is not %s", what);
}

void refusal_set_field(struct refusal *refusal, struct slice field, const char *what)
{
    buffer_clear(&refusal->kind);
    printable_write(field, SHOWN_NAME_BYTES, &refusal->kind);
    buffer_format(&refusal->kind, ": %s", what);
    buffer_clear(&refusal->text);
    buffer_add_slice(&refusal->text, buffer_slice(&refusal->kind));
}
