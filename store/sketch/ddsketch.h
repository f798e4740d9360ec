/* ddsketch.h - quantiles of many numbers, nearly, in little space.
 *
 * Place    aggregate_state.h keeps one per approx_quantile.
 * Promise  a quantile is within 1 % of the value at its rank. Weights are whole numbers, so
 *          that insertion, retraction and merge commute and packed bytes are a function of
 *          the values alone.
 * Memory   buckets live in the arena given.
 * Threads  one owner at a time.
 * Errors   ddsketch_unpack: false where bytes are no sketch.
 * Source   C. Masson, J. Rim, H. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with
 *          relative-error guarantees", VLDB 12(12), 2019. Buckets are never collapsed: the range of
 *          doubles bounds them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"

struct ddsketch_bucket {
    int32_t key; /* in the order of the values that it stands for; 0: zero */
    int64_t weight;
};

/* Zeroed is empty. */
struct ddsketch {
    size_t count;
    size_t capacity;
    struct ddsketch_bucket *buckets; /* sorted; none of weight 0 */
};

void ddsketch_add(struct ddsketch *sketch, double value, int64_t weight, struct arena *arena);
void ddsketch_merge(struct ddsketch *into, const struct ddsketch *other, struct arena *arena);
void ddsketch_negate(struct ddsketch *sketch);
/* The value at rank floor(FRACTION * (n - 1)); NAN if there is none. */
double ddsketch_quantile(const struct ddsketch *sketch, double fraction);
void ddsketch_pack(const struct ddsketch *sketch, struct buffer *into); /* no weight is negative */
bool ddsketch_unpack(struct slice *from, struct arena *arena,
                     struct ddsketch *ret_sketch) MUST_CHECK;
