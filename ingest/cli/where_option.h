/* where_option.h - --where: a condition on the events of a stream.
 *
 * Place    cmd_delete.c, cmd_events.c.
 * Memory   the expression lives in the arena, and borrows the text.
 * Threads  pure.
 * Errors   ERROR_INPUT, with --where as the place.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "schema/schema.h"

bool where_option_read(const char *text, const struct stream *stream, const struct schema *schema,
                       struct arena *arena, const struct expr **ret_where,
                       struct error *err) MUST_CHECK;
