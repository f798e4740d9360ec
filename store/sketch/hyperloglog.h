/* hyperloglog.h - how many distinct values there are, nearly, in little space.
 *
 * Place    aggregate_state.h keeps one per approx_uniq.
 * Promise  standard error 1.04 / sqrt(4096), that is 1.6 %. Insertion and merge commute, and packed
 *          bytes are a function of the set of hashes. A value cannot be taken out.
 * Memory   registers live in the arena given.
 * Threads  one owner at a time.
 * Errors   hyperloglog_unpack: false where bytes are no sketch.
 * Source   P. Flajolet et al., "HyperLogLog: the analysis of a near-optimal cardinality
 *          estimation algorithm", 2007, with the estimator of O. Ertl, "New cardinality
 *          estimation algorithms for HyperLogLog sketches", arXiv:1702.01284, 2017 (algorithm 6),
 *          which needs no tables against bias.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "base/hash.h"

enum { HYPERLOGLOG_REGISTERS = 4096 };

/* Zeroed is empty. While few registers are in use they are listed, in the order of their places. */
struct hyperloglog {
    unsigned count;     /* registers in the list */
    unsigned capacity;  /* of the list */
    uint32_t *list;     /* place << 8 | rank */
    uint8_t *registers; /* all of them, instead of the list; NULL: the list */
};

/* Of a packed value. With a hash that everybody knows, a few values could be chosen that count
 * as millions: so the key is a secret of the store, the same for all its sketches, as only those
 * can be merged. */
uint64_t hyperloglog_hash(struct slice value, const struct hash_key *secret);
void hyperloglog_add(struct hyperloglog *sketch, uint64_t hash, struct arena *arena);
void hyperloglog_merge(struct hyperloglog *into, const struct hyperloglog *other,
                       struct arena *arena);
uint64_t hyperloglog_estimate(const struct hyperloglog *sketch);
void hyperloglog_pack(const struct hyperloglog *sketch, struct buffer *into);
bool hyperloglog_unpack(struct slice *from, struct arena *arena,
                        struct hyperloglog *ret_sketch) MUST_CHECK;
