/* entity_parse.h - the part of a measure's text that is over entities: `per`, and what
 * stands in front of it.
 *
 * Place    aggregate_parse.c and formula_parse.c.
 * Memory   in the parser's arena.
 * Threads  one owner of the reading.
 * Errors   as expr_p.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "schema/formula_p.h"
#include "schema/schema_entities.h"

/* Behind the parenthesis of an aggregate: finds whether it is over entities, and of which hidden
 * view; NULL: it is not. Until per_end, fields and aggregates are those of an entity. */
bool per_begin(struct reading *reading, struct per *ret_per) MUST_CHECK;
/* Goes on behind `per` and its expression, if the parser stands there; a condition behind them
 * goes to *condition. */
bool per_skip(struct reading *reading, const struct expr **condition) MUST_CHECK;
void per_end(struct reading *reading);
/* Once the filter of the whole text is known: gives the aggregates of entities their places and all
 * the text's own ones their conditions. */
bool entities_place_own(struct reading *reading, const struct expr *where) MUST_CHECK;
