/* backup.h - a copy of a store, at one commit, as another store.
 *
 *   backup_begin -> (look at backup_path) -> backup_finish -> backup_free
 *
 * Place    `tally backup` and `tally restore`.
 * Promise  writers and readers go on meanwhile. TARGET appears whole and durable, or not at all:
 *          until then the copy stands beside it as TARGET.partial, which the next try takes over if
 *          this one is killed.
 * Memory   the backup owns its copy until backup_free; the store is borrowed.
 * Threads  one owner at a time.
 * Errors   ERROR_INPUT: TARGET is there already. ERROR_BUSY: another process is making it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "database/store.h"

struct backup;
bool backup_begin(struct store *store, const char *target, struct backup **ret_backup,
                  struct error *err) MUST_CHECK;
/* The copy, a store as any other, until backup_finish. */
const char *backup_path(const struct backup *backup);
bool backup_finish(struct backup *backup, struct error *err) MUST_CHECK;
void backup_free(struct backup *backup); /* what is not finished is removed; takes NULL */
