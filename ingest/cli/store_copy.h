/* store_copy.h - a store copied to a new directory, as a backup and back.
 *
 * Place    cmd_backup.c, cmd_restore.c.
 * Memory   arguments are borrowed.
 * Threads  the main thread.
 * Errors   are printed (console.h); then there is no new directory.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "cli/console.h"
#include "cli/options.h"

/* Runs a command whose two words are the store and the new directory. DONE is what it says at the
 * end. VERIFIES: the copy gets its name only once its files are what its events give. */
enum exit_status store_copy(const struct usage *usage, const char *done, bool verifies, int argc,
                            char **argv);
