/* view_input.h - an event of a stream as a view over several streams sees it.
 *
 * Place    schema_inputs.c makes the expressions; write/ folds by them, verify/ counts by them.
 * Memory   values borrow from the event; keys are the caller's buffer.
 * Threads  pure functions.
 * Errors   none: what overflows is null.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "schema/view.h"

/* VALUES are all of the event's, RET_FIELDS one a field of FIELDS, the view's stream. */
void view_input_map(const struct view_input *input, const struct stream *fields,
                    const struct time_zone *zone, const struct value *values,
                    struct value *ret_fields);
/* What tells the event from the others of the view: KEY from those of its stream.
 * Appends to INTO. */
void view_input_key(const struct view *view, const struct view_input *input, struct slice key,
                    struct buffer *into);
