/* notice.h - what the user should be told while a command goes on.
 *
 * Place    the parts below a command have no standard error: the command shows it for them.
 * Memory   texts live until the callback returns.
 * Threads  the callback is called by whoever has something to say; commit_job.h says nothing by
 *          itself, so that this is one thread.
 * Errors   none: a notice that nobody shows is lost.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/error.h"

struct notices {
    void (*show)(void *context, const char *text); /* NULL: nobody wants to know */
    void (*show_error)(void *context,
                       const struct error *err); /* what failed, while the rest goes on */
    void *context;
};

void notices_show(const struct notices *notices, const char *format, ...) PRINTF_LIKE(2, 3);
void notices_show_error(const struct notices *notices, const struct error *err);
