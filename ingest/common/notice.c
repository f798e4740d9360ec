// SPDX-License-Identifier: Apache-2.0
#include "common/notice.h"

#include <stdarg.h>
#include <stdio.h>

void notices_show(const struct notices *notices, const char *format, ...)
{
    if (!notices->show) return;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments); /* a cut is harmless */
    va_end(arguments);
    notices->show(notices->context, text);
}
