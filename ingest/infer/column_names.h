/* column_names.h - names of columns: what they say, and how a field is called that reads one.
 *
 * Place    type_inference.c for what a name says; propose.c for names of fields.
 * Memory   results live in the arena, or are the argument.
 * Threads  pure functions, but for the arena.
 * Errors   none: every name has a form.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"

/* Whether one of the words that NAME is made of is one of WORDS, which are small and have blanks
 * between them: "userID", "user_id" and "User Id" are made of user and id. */
bool column_name_has(struct slice name, const char *words);
/* NAME as a field is called so that expressions can use it without quotes: letters, digits,
 * underscores and all beyond ASCII, no digit first, no keyword. In the arena, or NAME itself. */
struct slice column_name_field(struct slice name, struct arena *arena);
/* NAME, or where *COUNT names in TAKEN have it already NAME_2 and so on; adds it to TAKEN, which
 * has room for it. */
struct slice column_name_unique(struct slice name, struct slice *taken, size_t *count,
                                struct arena *arena);
