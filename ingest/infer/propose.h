/* propose.h - a schema for data that nobody has described.
 *
 *   sample.h -> type_inference.h -> column_profile.h -> propose.c, propose_key.c, propose_views.c,
 *   propose_measures.c -> propose_write.c
 *
 * Place    cmd_init.c.
 * Promise  the text is a schema that is valid, and the same for the same input; the sample can be
 *          ingested with it.
 * Memory   all of a proposal is in its arena; the text is the caller's buffer.
 * Threads  one owner at a time.
 * Errors   ERROR_INPUT: nothing in the input that a schema could be of.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"
#include "base/error.h"

/* PATH: the input, or "-". */
bool propose_schema(const char *path, struct buffer *ret_text, struct error *err) MUST_CHECK;
