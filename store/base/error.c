// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cuts with a mark, and keeps what a user's data may have put into the text from driving the
 * terminal that shows it. */
static void error_write_text(char *text, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void error_write_text(char *text, size_t size, const char *format, va_list arguments)
{
    int const length = vsnprintf(text, size, format, arguments);
    if (length < 0) text[0] = '\0';
    if (length >= 0 && (size_t)length >= size) memcpy(text + size - 4, "...", 4);
    for (char *at = text; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) *at = '?';
    }
}

bool(error_set)(struct error *err, enum error_kind kind, const char *format, ...)
{
    err->kind = kind;
    err->place[0] = '\0';
    err->remedy[0] = '\0';
    va_list arguments;
    va_start(arguments, format);
    error_write_text(err->fact, sizeof err->fact, format, arguments);
    va_end(arguments);
    return false;
}

static enum error_kind kind_of_errno(int sys)
{
    switch (sys) {
    case ENOENT:
    case ENOTDIR: return ERROR_MISSING;
    case EACCES:
    case EPERM:
    case EROFS: return ERROR_DENIED;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return ERROR_FULL;
    case ENOMEM: return ERROR_MEMORY;
    case EAGAIN:
    case EBUSY: return ERROR_BUSY;
    default: return ERROR_SYSTEM;
    }
}

bool(error_system)(struct error *err, int sys, const char *format, ...)
{
    err->kind = kind_of_errno(sys);
    err->place[0] = '\0';
    err->remedy[0] = '\0';
    va_list arguments;
    va_start(arguments, format);
    error_write_text(err->fact, sizeof err->fact, format, arguments);
    va_end(arguments);
    size_t const length = strlen(err->fact);
    char reason[128];
    (void)snprintf(err->fact + length, sizeof err->fact - length, ": %s", /* a cut is harmless */
                   strerror_r(sys, reason, sizeof reason));
    if (sys == EFBIG)
        (void)error_remedy(err, "allow larger files (ulimit -f) and run the command again");
    else if (err->kind == ERROR_FULL)
        (void)error_remedy(err, "make room on the disk and run the command again");
    return false;
}

bool(error_place)(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error_write_text(err->place, sizeof err->place, format, arguments);
    va_end(arguments);
    return false;
}

bool(error_remedy)(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error_write_text(err->remedy, sizeof err->remedy, format, arguments);
    va_end(arguments);
    return false;
}

bool(error_wrap)(struct error *err, const char *format, ...)
{
    char inner[sizeof err->place];
    memcpy(inner, err->place, sizeof inner);
    va_list arguments;
    va_start(arguments, format);
    error_write_text(err->place, sizeof err->place, format, arguments);
    va_end(arguments);
    if (inner[0] == '\0') return false;
    size_t const length = strlen(err->place);
    (void)snprintf(err->place + length, sizeof err->place - length, ": %s", inner); /* may cut */
    return false;
}

const char *error_text(const struct error *err, char *text, size_t size)
{
    (void)snprintf(text, size, "%s%s%s%s%s%s", err->place, err->place[0] ? ": " : "", err->fact,
                   err->remedy[0] ? " (" : "", err->remedy, err->remedy[0] ? ")" : "");
    return text;
}
