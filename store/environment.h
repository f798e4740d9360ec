/* environment.h - the files of a store that LMDB has: data.mdb and lock.mdb, which `tally compact` replaces.
 *
 * Place    store.c goes on with the new ones, and snapshots that are open keep the old ones to their end; files.c tells
 *          why a process may have both open, and how the two change as one.
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
/* Puts a copy without free pages in the place of data.mdb, and a new lock.mdb beside it, under the lock of writers. On failure the old ones stay. */
bool environment_compact(const struct environment *environment, const char *path, int directory,
                         struct error *err) MUST_CHECK;
