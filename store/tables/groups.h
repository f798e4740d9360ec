/* groups.h - the table of groups: state, row or total, and what lies under them.
 *
 * Place    merge.c writes; rows.c, tree.c and verify.c read.
 * Promise  the groups of one depth are in the order of their dimensions; those under one prefix are
 *          neighbours.
 * Memory   slices of a loaded group borrow from the transaction (db.h).
 * Threads  pure, or as the transaction.
 * Errors   ERROR_CORRUPT: a group cannot be read; ERROR_VERSION: a state is of another version,
 *          with the rebuild that helps.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "aggregate/aggregate_state.h"
#include "kv/db.h"
#include "schema/schema.h"

struct group {
    uint64_t id; /* its name in the table of values; never given twice */
    uint64_t event_count;
    uint64_t text_commit_id;    /* that last changed `text` */
    uint64_t rows_commit_id;    /* inner: that last changed a row under it */
    uint64_t listing_commit_id; /* inner: that last changed its set of names */
    uint64_t row_count;         /* leaf: 1 */
    /* Of the rows under it, by enum rows_format: what a file of the format has of them,
     * without what stands around and between rows. 0 of one on demand (rows_formats.h) that
     * the view has not. */
    uint64_t bytes[ROWS_FORMATS];
    struct slice exact;     /* dimensions packed without limit, where the key has cut one */
    struct slice hierarchy; /* of a node of a hierarchy: its facts, see hierarchy.h */
    struct slice states;    /* packed; aggregate_state.h */
    struct slice text;      /* leaf: its row; inner: its total. One JSON object, no newline */
};

/* What comes to the rows under a group, or goes. */
struct rows_delta {
    int64_t count;
    int64_t bytes[ROWS_FORMATS]; /* as struct group has them */
};

/* INTO += SIGN * MORE. */
void rows_delta_add(struct rows_delta *into, const struct rows_delta *more, int sign);
/* The rows under GROUP are others by ROWS. */
void group_add_rows(struct group *group, const struct rows_delta *rows);

/* Whether a group of this depth is a row, with nothing below. */
static inline bool group_is_leaf(const struct view *view, unsigned depth)
{
    return depth == view->dimension_count && !view->hierarchy;
}

/* The dimensions of a group as its key: pack_value of the first DEPTH of DIMENSIONS, each within
 * its share of a key's bytes. Returns whether they can be read back exactly. */
bool group_key_pack(const struct view *view, const struct value *dimensions, unsigned depth,
                    struct buffer *key);
/* Appends one more dimension to KEY. */
bool group_key_add(const struct view *view, const struct value *dimension, struct buffer *key);
/* Where the first DEPTH packed values of KEY end, or 0 if they are not there (or DEPTH is 0). */
size_t group_key_prefix(struct slice key, unsigned depth);
/* The exact dimensions of a group; strings live in ARENA or borrow. */
bool group_dimensions(struct slice key, const struct group *group, unsigned depth,
                      struct arena *arena, struct value *ret_dimensions,
                      struct error *err) MUST_CHECK;

/* Its states, one an aggregate; they borrow from the group or live in ARENA. ERROR_VERSION: of
 * another version. */
bool group_states(const struct view *view, const struct group *group, struct arena *arena,
                  struct state *ret_states, struct error *err) MUST_CHECK;

enum db_finding groups_get(const struct txn *txn, const struct view *view, unsigned depth,
                           struct slice key, struct group *ret_group, struct error *err);
bool groups_put(struct txn *txn, const struct view *view, unsigned depth, struct slice key,
                const struct group *group, struct error *err) MUST_CHECK;
bool groups_drop(struct txn *txn, const struct view *view, unsigned depth, struct slice key,
                 struct error *err) MUST_CHECK;

/* The groups of one depth under one prefix, in order. */
struct groups_scan {
    struct cursor *cursor;
    struct buffer prefix; /* as in the table */
    struct buffer start;
    bool leaf;
    bool started;
};
/* FROM: a key of DEPTH to start at, or empty for the first one under PREFIX. */
bool groups_scan_open(struct groups_scan *scan, const struct txn *txn, const struct view *view,
                      unsigned depth, struct slice prefix, struct slice from,
                      struct error *err) MUST_CHECK;
void groups_scan_close(struct groups_scan *scan); /* takes a zeroed one */
/* *ret_key is the packed dimensions. */
enum db_finding groups_scan_next(struct groups_scan *scan, struct slice *ret_key,
                                 struct group *ret_group, struct error *err);
/* Removes every group and value of the view. */
bool groups_clear(struct txn *txn, const struct view *view, struct error *err) MUST_CHECK;
