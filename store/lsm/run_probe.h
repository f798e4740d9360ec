/* run_probe.h - what one run has for a key.
 *
 * The filter is asked first, so that a key that is not there costs no look at a block. Keys that
 * rise are found by going on in the filter and the block at hand; where many of them come between
 * two entries, only the first is looked for.
 *
 * Place    lsm_writer.c and lsm_reader.c have one for each run.
 * Memory   a probe owns copies of a filter and a block, as writing moves what a transaction has
 *          read; what it finds borrows from them until the next question.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: a filter, the sum or the structure of a block is wrong.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "lsm/block.h"
#include "lsm/run_list.h"

struct run_probe {
    enum db_table table;
    uint32_t run;
    bool has_filters;
    bool rises; /* so do the keys that are asked for */
    struct cursor *filters;
    struct cursor *blocks;
    struct buffer key;   /* of entries of tables */
    struct buffer asked; /* the last key that was looked for in the block at hand */

    /* The filter at hand is of the keys from FROM up to UNTIL. */
    bool has_stretch;
    bool is_before; /* of no filter: the keys in front of the first one */
    bool is_last;   /* there is no UNTIL */
    struct buffer from;
    struct buffer until;
    uint64_t until_head; /* see key_head */
    size_t prefix_length;
    struct buffer filter;

    /* The block at hand. */
    bool has_block;
    bool at_entry; /* the reader stands at an entry */
    struct buffer fence;
    struct buffer next_fence; /* of the block behind it; empty: it is the last, or not known yet */
    bool knows_next;
    struct buffer block;
    struct block_reader reader;
};

/* RISES: each key that is asked for is behind the one before. */
bool run_probe_open(const struct txn *txn, const struct run_list *list, const struct run *run,
                    bool rises, struct run_probe *ret_probe, struct error *err) MUST_CHECK;
void run_probe_done(struct run_probe *probe); /* takes a zeroed one */
/* Whether the run may have KEY, whose filter_hash is HASH. */
bool run_probe_may_have(struct run_probe *probe, struct slice key, uint64_t hash,
                        bool *ret_may_have, struct error *err) MUST_CHECK;
enum db_finding run_probe_find(struct run_probe *probe, struct slice key, uint64_t hash,
                               struct slice *ret_value, struct error *err);
