/* notice.h - what the user should be told while a command goes on.
 *
 * Place    the parts below a command have no standard error: the command shows it for them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/cleanup.h"

struct notices {
    void (*show)(void *context, const char *text); /* NULL: nobody wants to know */
    void *context;
};

void notices_show(const struct notices *notices, const char *format, ...) PRINTF_LIKE(2, 3);
