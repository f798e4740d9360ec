/* discover.h - which columns an input has that nobody has described.
 *
 * Place    sample.c asks; the columns and omissions of the sample are filled.
 * Memory   names are copied to the sample's arena.
 * Threads  one owner of the sample.
 * Errors   those of the input, placed there.
 * Limits   SAMPLE_COLUMNS_MAX, SAMPLE_STEPS_MAX.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "infer/sample.h"

/* NAMES: the header of a CSV. */
void discover_header(struct sample *sample, const struct slice *names, size_t count);
/* The values in JSON records, those in objects inside them by JSON pointer (RFC 6901). */
bool discover_members(struct sample *sample, struct error *err) MUST_CHECK;
