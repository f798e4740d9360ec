/* delta.h - what a transaction's events change, group by group, before the store sees it.
 *
 * Place    commit.c folds events in; merge.c adds the result to the store.
 * Promise  deltas are weighted: folding an event with +1 and with -1 leaves nothing.
 * Memory   a delta owns what it holds; delta_bytes tells how much is in use and how much
 *          merging it will take beside its portions (merge.h), and the owner bounds it by
 *          merging and clearing.
 * Threads  one owner at a time; of each view one, while events are folded.
 * Errors   none: what could fail was tried when the record was bound. `cycle` is
 *          for merge.c to set.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "aggregate/aggregate_state.h"
#include "base/hash_table.h"
#include "schema/schema.h"

/* One leaf group that some event touched, or a group above that an entity's row was folded into. */
struct delta_leaf {
    const struct view *view;
    unsigned depth;
    struct slice key;           /* packed dimensions (groups.h) */
    struct slice exact;         /* packed without limit where the key has cut one, else empty */
    uint64_t number;            /* among the view's leaves */
    int64_t event_count;        /* weighted */
    struct merge_group *group;  /* its place in the store, while merge.c works */
    struct delta_value *values; /* the newest of its values */
    size_t value_bytes;         /* about what merge.c holds of them in one group */
    struct state states[];      /* one an aggregate */
};

/* One element of a multiset of a leaf. Its key stands behind it: looking one up is the costliest
 * step of a fold, and this keeps it within a cache line as a rule. */
struct delta_value {
    struct delta_leaf *leaf;
    struct delta_value *older; /* of the same leaf */
    int64_t weight;
    struct slice exact; /* the whole element where its key has cut it, else empty */
    uint32_t key_length;
    uint8_t set; /* place in the view's multisets */
    uint8_t key[];
};

static inline struct slice delta_value_key(const struct delta_value *value)
{
    return slice_of(value->key, value->key_length); /* see multiset_key */
}

/* In place of a multiset of the view: of a leaf that is a node of a hierarchy, which parents
 * its events name. */
enum { DELTA_LINKS = UINT8_MAX };

/* Elements on their way into the table: what they need of it is fetched into the cache for
 * several at once. */
enum { DELTA_QUEUE = 32 };
struct delta_queue {
    struct delta_pending {
        uint64_t hash;
        struct delta_leaf *leaf;
        int64_t weight;
        size_t key_at; /* in `keys` */
        size_t key_length;
        uint8_t set;
    } pending[DELTA_QUEUE];
    size_t count;
    struct buffer keys;
};

/* What a delta has of one view. It shares nothing with that of another one, so that two threads may
 * fold into two views at a time. */
struct delta_view {
    struct arena arena;
    struct delta_leaf *last; /* that was folded into; NULL: none */
    struct buffer leaves;    /* of struct delta_leaf *, in the order in which they came */
    struct buffer values;    /* of struct delta_value *, likewise; complete after delta_flush */
    struct hash_table leaf_table;  /* of struct delta_leaf */
    struct hash_table value_table; /* of struct delta_value */
    struct delta_queue queue;
    size_t merge_bytes; /* what merge.c will hold of the leaves and values */
    bool is_postponed;  /* merging could not take it, as nodes would be a cycle */
    struct buffer key;  /* scratch, as are the next two */
    struct buffer exact;
    struct buffer element;
};

struct delta {
    const struct schema *schema;
    struct hash_key secret;   /* the store's; the owner sets it */
    struct delta_view *views; /* one a view of the schema */
    const struct value
        *cutoffs; /* per view of the schema: groups before it are gone; null: none. Borrowed */
    struct error cycle; /* of a view that is postponed */
};

void delta_init(struct delta *delta, const struct schema *schema);
void delta_done(struct delta *delta); /* takes a zeroed one */
void delta_clear(struct delta *delta);
/* The same, but for what merging has postponed. Returns whether that is anything. */
bool delta_clear_merged(struct delta *delta);
size_t delta_bytes(const struct delta *delta);
/* The most that folding one event into the view adds to that, beside its own bytes. */
size_t delta_event_bytes(const struct view *view);
const struct delta_view *delta_view_of(const struct delta *delta, const struct view *view);
/* For what the delta has of the view. */
struct arena *delta_arena(struct delta *delta, const struct view *view);

/* Folds an event into VIEW. FIELDS: one value per field of the view's stream; KEY: what tells the
 * event from others. Both are borrowed until return. An expression that overflows is null: bind
 * refuses events that do so, rows of a view may. */
void delta_fold(struct delta *delta, const struct view *view, const struct value *fields,
                struct slice key, int64_t weight);
/* The group of VIEW with the first DEPTH of DIMENSIONS. */
struct delta_leaf *delta_leaf_at(struct delta *delta, const struct view *view,
                                 const struct value *dimensions, unsigned depth);
/* Folds the row of an entity into that group alone. FIELDS: one value per field of the rows of
 * ENTITIES; KEY: what tells the entity from others. */
void delta_fold_entity(struct delta *delta, struct delta_leaf *leaf, const struct view *entities,
                       const struct value *fields, struct slice key, int64_t weight);
/* The group of VIEW with a packed key; EXACT: its dimensions where the key has cut
 * one, else empty. */
struct delta_leaf *delta_leaf_of(struct delta *delta, const struct view *view, unsigned depth,
                                 struct slice key, struct slice exact);
/* Adds WEIGHT of an element to a leaf's multiset, by the next delta_flush. */
void delta_add_value(struct delta *delta, struct delta_leaf *leaf, uint8_t set, struct slice key,
                     struct slice exact, int64_t weight);
void delta_flush(struct delta *delta);
