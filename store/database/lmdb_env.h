/* lmdb_env.h - the files of a store that LMDB has: data.mdb and lock.mdb, which `tally
 * compact` replaces.
 *
 * Place    store.c goes on with the new ones, and snapshots that are open keep the old ones
 *          to their end; compact_swap.c tells why a process may have both open, and how the
 *          two change as one.
 * Promise  LMDB forbids to open a file twice in a process, as closing either would drop the locks
 *          of both. So who opens a file that is open already, in whatever directory it stands by
 *          now, shares it.
 * Memory   counted: the environment is closed with the last reference.
 * Threads  any.
 * Errors   as store_open has them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <sys/types.h>

#include "kv/db.h"

struct lmdb_env {
    struct db *db;
    /* The rest is lmdb_env.c's own, protected by its lock. */
    dev_t device; /* of data.mdb */
    ino_t inode;
    pid_t process; /* a child of fork may use nothing that its parent opened */
    bool write;
    unsigned references;
    struct lmdb_env *next;
};

/* Opens what is in DIRECTORY, an open descriptor of PATH; refuses a store of another format before
 * anything else is done with it. */
bool lmdb_env_open(const char *path, int directory, bool write, struct lmdb_env **ret_environment,
                   struct error *err) MUST_CHECK;
struct lmdb_env *lmdb_env_acquire(struct lmdb_env *environment); /* one more reference */
void lmdb_env_release(struct lmdb_env *environment);             /* takes NULL */
/* Puts a copy without free pages in the place of data.mdb, and a new lock.mdb beside it, under the
 * lock of writers. On failure the old ones stay. */
bool lmdb_env_compact(const struct lmdb_env *environment, const char *path, int directory,
                      struct error *err) MUST_CHECK;
