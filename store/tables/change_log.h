/* change_log.h - which groups each commit changed, kept for a while.
 *
 * Place    commit.c writes it; a mount reads it to know what to invalidate.
 * Limits   a commit that changes more than CHANGE_LOG_MAX groups keeps no list, and lists are kept of
 *          the last CHANGE_LOG_COMMITS commits: a reader that finds none compares what it holds.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "database/store.h"

enum { CHANGE_LOG_MAX = 65536, CHANGE_LOG_COMMITS = 1024 };

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
struct change_log {
    struct buffer entries;
    size_t count;
};
void change_log_done(struct change_log *log);
void change_log_add(struct change_log *log, const struct change *change);
/* Puts the list into the commit's transaction and drops one that is too old. */
bool change_log_save(struct txn *txn, uint64_t commit_id, const struct change_log *log,
                     struct error *err) MUST_CHECK;

enum change_log_answer {
    CHANGE_LOG_COMPLETE,
    CHANGE_LOG_UNKNOWN, /* too many, too long ago, or a new schema: anything may have changed */
    CHANGE_LOG_FAILED,
};
/* Calls VISIT for every change of the commits after AFTER up to the snapshot's own. A group may be
 * told more than once. */
enum change_log_answer change_log_scan(const struct snapshot *snapshot, uint64_t after,
                                       void (*visit)(void *context, const struct change *change),
                                       void *context, struct error *err);
