/* delta.h - what a transaction's events change, group by group, before the store sees it.
 *
 * Place    commit.c folds events in; merge.c adds the result to the store.
 * Promise  deltas are weighted: folding an event with +1 and with -1 leaves nothing.
 * Memory   a delta owns what it holds; delta_bytes tells how much, and the owner bounds it by
 *          merging and clearing.
 * Threads  one owner at a time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "measure.h"
#include "schema.h"

/* One leaf group that some event touched. */
struct delta_leaf {
    const struct view *view;
    struct slice key;   /* packed dimensions (groups.h) */
    struct slice exact; /* packed without limit where the key has cut one, else empty */
    uint64_t hash;
    int64_t event_count;       /* weighted */
    struct merge_group *group; /* its place in the store, while merge.c works */
    struct state states[];     /* one an aggregate */
};

/* One value of a uniq in a leaf. */
struct delta_value {
    struct delta_leaf *leaf;
    uint64_t hash;
    int64_t weight;
    struct slice packed; /* within DELTA_VALUE_BYTES_MAX */
    struct slice exact;  /* where `packed` was cut, else empty */
    uint8_t aggregate;   /* place in the view's */
};
enum { DELTA_VALUE_BYTES_MAX = 500 }; /* a group's id and the aggregate stand in front of it */

struct delta_table {
    void **slots;
    size_t count;
    size_t capacity; /* a power of two, or 0 */
};

struct delta {
    const struct schema *schema;
    struct arena arena;
    struct buffer key;         /* scratch */
    struct buffer exact;       /* scratch */
    struct delta_table leaves; /* of struct delta_leaf */
    struct delta_table values; /* of struct delta_value */
};

void delta_init(struct delta *delta, const struct schema *schema);
void delta_done(struct delta *delta); /* takes a zeroed one */
void delta_clear(struct delta *delta);
size_t delta_bytes(const struct delta *delta);

/* Folds an event into VIEW. FIELDS: one value per field of the view's stream, borrowed until return. The
 * event's expressions are known not to overflow (bind refuses those that do). */
void delta_fold(struct delta *delta, const struct view *view, const struct value *fields,
                int64_t weight);
