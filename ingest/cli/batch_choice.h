/* batch_choice.h - which batch a command is about: by its name, or its number.
 *
 * Place    commands with a BATCH, or --batch.
 * Memory   the batch's texts live in the arena.
 * Threads  as the transaction.
 * Errors   ERROR_MISSING: there is none, or ERROR_INPUT: batches of several streams have the name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "database/store.h"
#include "tables/batch_log.h"

/* STREAM: its name, where several streams may have a batch of that name; NULL: any. */
bool batch_choose(const struct snapshot *snapshot, const char *text, const char *stream,
                  struct arena *arena, struct batch *ret_batch, struct error *err) MUST_CHECK;
/* The stream that the batch is of; ERROR_INPUT: the schema has it no longer. */
bool batch_stream(const struct schema *schema, const struct batch *batch,
                  const struct stream **ret_stream, struct error *err) MUST_CHECK;
