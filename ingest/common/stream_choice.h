/* stream_choice.h - which stream a command is about: --stream, or the only one.
 *
 * Place    commands that load or delete.
 * Memory   the stream belongs to the schema.
 * Threads  pure.
 * Errors   ERROR_INPUT, with the nearest name or the names that there are.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "schema/schema.h"

/* NAME may be NULL where the schema has one stream. */
bool stream_choose(const struct schema *schema, const char *name, const struct stream **ret_stream,
                   struct error *err) MUST_CHECK;
