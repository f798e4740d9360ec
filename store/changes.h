/* changes.h - which groups each commit changed, kept for a while.
 *
 * Place    commit.c writes it; a mount reads it to know what to invalidate.
 * Limits   a commit that changes more than CHANGES_MAX groups keeps no list, and lists are kept of
 *          the last CHANGES_COMMITS commits: a reader that finds none compares what it holds.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "store.h"

enum { CHANGES_MAX = 65536, CHANGES_COMMITS = 1024 };

enum change_flag {
    CHANGE_TEXT = 1,    /* a leaf's row, an inner group's total */
    CHANGE_ROWS = 2,    /* inner: some row under it */
    CHANGE_LISTING = 4, /* inner: a name appeared in it or disappeared */
    CHANGE_EXISTS = 8,  /* the group appeared or disappeared */
};

struct change {
    uint16_t view;
    uint8_t depth;
    struct slice key; /* packed dimensions of the group; lives until the callback returns */
    unsigned flags;
};

/* The list of a commit in the making; zeroed is empty. */
struct changes_log {
    struct buffer entries;
    size_t count;
};
void changes_log_done(struct changes_log *log);
void changes_add(struct changes_log *log, const struct change *change);
/* Puts the list into the commit's transaction and drops one that is too old. */
bool changes_save(struct txn *txn, uint64_t commit_id, const struct changes_log *log,
                  struct error *err) MUST_CHECK;

enum changes_answer {
    CHANGES_COMPLETE,
    CHANGES_UNKNOWN, /* too many, too long ago, or a new schema: anything may have changed */
    CHANGES_FAILED,
};
/* Calls SEE for every change of the commits after AFTER up to the snapshot's own. A group may be
 * told more than once. */
enum changes_answer changes_each(const struct snapshot *snapshot, uint64_t after,
                                 void (*see)(void *context, const struct change *change),
                                 void *context, struct error *err);
