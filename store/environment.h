/* environment.h - the files of a store that LMDB has: data.mdb and lock.mdb, which `tally compact` replaces.
 *
 * Place    store.c goes on with the new ones, and snapshots that are open keep the old ones to their end. LMDB forbids
 *          to open one file twice in a process, as closing one of them would lose the locks of the other; these are
 *          two files, with a lock file each.
 * Threads  `references` is protected by the store's lock.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "db.h"

struct environment {
    struct db *db;
    unsigned references; /* the store itself holds one */
};

/* Opens what is in DIRECTORY, an open descriptor of PATH; refuses a store of another format before anything else is
 * done with it. */
bool environment_open(const char *path, int directory, bool write,
                      struct environment **ret_environment, struct error *err) MUST_CHECK;
void environment_release(struct environment *environment); /* takes NULL */
/* Puts a copy without free pages in the place of both files. On failure the old ones stay. */
bool environment_compact(const struct environment *environment, const char *path, int directory,
                         struct error *err) MUST_CHECK;
