/* failed_reason.h - why a file of a spool is in failed/: a text beside it, orders.csv.error.
 *
 * Place    follow_spool.c writes it, and has those removed whose file is gone.
 * Promise  only what begins as such a text does is taken for one, and removed; other files may have
 *          names that end so.
 * Memory   none; descriptors of folders are borrowed.
 * Threads  one.
 * Errors   of writing; what cannot be looked at is no such text.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"
#include "base/error.h"

/* Beside NAME in FAILED, in the place of an older one. */
bool failed_reason_write(int failed, const char *name, const struct error *reason,
                         struct slice rejects, struct error *err) MUST_CHECK;
/* Whether NAME in FOLDER is such a text. */
bool failed_reason_is_one(int folder, const char *name);
/* Removes those in FAILED whose file was moved back, or deleted. */
void failed_reason_sweep(int failed);
