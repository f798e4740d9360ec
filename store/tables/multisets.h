/* multisets.h - the values of a group's multisets, each with its weight: how many events carry it.
 *
 * Place    delta.c makes elements; merge.c adds weights and settles the states of the
 *          aggregates over them.
 * Promise  what is settled is a function of the weights alone, whatever the order they came in. It
 *          costs the number of changes, not of values: a quantile moves from where it stood past
 *          what came or went; an extreme is looked for from where it was, or from what changed
 *          beyond that.
 * Memory   elements are read into the arena given; a writer owns its blocks until it is closed.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: a weight would be negative, or an element cannot be read.
 * Limits   an element of more than MULTISET_WHOLE_BYTES is ordered by its first bytes, then by
 *          digest; min, max, arg_min and arg_max look at all of it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "aggregate/aggregate_state.h"
#include "base/digest.h"
#include "kv/db.h"
#include "lsm/lsm_changes.h"
#include "schema/schema.h"

enum { MULTISET_WHOLE_BYTES = 470, MULTISET_CUT_BYTES = MULTISET_WHOLE_BYTES + 1 + DIGEST_BYTES };

/* The values of one multiset of one group. */
struct multiset_place {
    uint64_t group;
    uint8_t set; /* place in the view's */
    bool is_ranked;
};

/* Appends the form in which ELEMENT, packed without limit, stands in a key: itself, or cut with its
 * digest. Returns whether it is whole. */
bool multiset_key(struct slice element, struct buffer *key);

/* Goes from element to element in the order of groups, sets and keys. */
struct multiset_writer {
    struct txn *txn;
    struct lsm_writer *blocks;
    struct lsm_changes ranks;
    struct buffer key; /* scratch */
    struct buffer value;
};
bool multiset_writer_open(struct txn *txn, struct multiset_writer *ret_writer,
                          struct error *err) MUST_CHECK;
/* Nothing may be read, and the transaction not be committed, before this. */
bool multiset_writer_finish(struct multiset_writer *writer, struct error *err) MUST_CHECK;
void multiset_writer_close(struct multiset_writer *writer);

/* Adds WEIGHT to that of the element with KEY; EXACT is the whole element where the key has cut it,
 * else empty. The weights before and after are told. ERROR_CORRUPT: it would be negative. */
struct weights {
    uint64_t old_weight, new_weight;
};
bool multiset_add(struct multiset_writer *writer, struct multiset_place place, struct slice key,
                  struct slice exact, int64_t weight, struct weights *ret_weights,
                  struct error *err) MUST_CHECK;
/* Where an element stands in the order of the writer. */
void multiset_full_key(struct multiset_place place, struct slice key, struct buffer *into);

/* For each change of weights in one batch: how it moves a quantile, and where an extreme may be by
 * now. KEY is borrowed until the state is settled. */
void multiset_shift(const struct aggregate *aggregate, struct state *state, struct slice key,
                    const struct weights *weights);
/* After: finds what the aggregate shows. STATE has the stored state with the count of now. */
struct multiset_reader {
    const struct txn *txn;
    struct lsm_cursor *blocks;
    struct lsm_cursor *ranks; /* NULL: nobody asked for them yet */
};
bool multiset_reader_open(const struct txn *txn, struct multiset_reader *ret_reader,
                          struct error *err) MUST_CHECK;
void multiset_reader_close(struct multiset_reader *reader);
bool multiset_settle(struct multiset_reader *reader, struct multiset_place place,
                     const struct aggregate *aggregate, struct state *state, struct arena *arena,
                     struct error *err) MUST_CHECK;

/* Calls VISIT with each element of a group's multiset: its key, the whole of it where that is
 * cut, its weight. */
bool multiset_scan(struct multiset_reader *reader, struct multiset_place place,
                   void (*visit)(void *context, struct slice key, struct slice exact,
                                 uint64_t weight),
                   void *context, struct error *err) MUST_CHECK;
/* Removes the values of all groups. */
bool multisets_clear_all(struct txn *txn, struct error *err) MUST_CHECK;
/* Removes all values of some groups; GROUPS ascend. */
bool multisets_clear(struct txn *txn, const uint64_t *groups, size_t count,
                     struct error *err) MUST_CHECK;
