/* learn_dictionaries.h - which texts the fields of a stream repeat, by a look at an input's first
 * records.
 *
 * Place    batch.c, where a stream has no dictionaries yet.
 * Memory   a 32nd of the memory, or what the longest record needs.
 * Threads  one.
 * Errors   none of the records': what cannot be read or bound is passed over, as it comes again.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "database/store.h"
#include "input/source.h"
#include "load/batch.h"

/* Where the stream of OPTIONS lacks dictionaries and SOURCE, which is open, has enough records: the
 * schema with some, and the layout that is to be committed with the first events that are packed by
 * it (commit.h). RET_SCHEMA: NULL, or the caller's to free. The source is to be started again. */
bool learn_dictionaries(struct store *store, struct source *source,
                        const struct batch_options *options, struct schema **ret_schema,
                        struct buffer *layout, struct error *err) MUST_CHECK;
