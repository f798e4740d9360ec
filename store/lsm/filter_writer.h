/* filter_writer.h - the filters of a run, made as keys are appended to it.
 *
 * Each filter is an entry of the table of filters under the first key that it is of; it is of all
 * keys up to the next one's. The last one is filled further where a run grows.
 *
 * Place    lsm_writer.c and compaction.c.
 * Memory   the writer owns one filter until filter_writer_done.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: what is stored is no filter; those of db.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "lsm/run_list.h"

struct filter_writer {
    struct txn *txn;
    enum db_table table;
    uint32_t run;
    uint64_t seed;
    struct buffer key; /* of the filter's entry */
    struct buffer bits;
    bool is_changed;
};

bool filter_writer_open(struct txn *txn, const struct run_list *list, uint32_t run,
                        struct filter_writer *ret_writer, struct error *err) MUST_CHECK;
/* KEY: behind all that the run's filters are of. */
bool filter_writer_add(struct filter_writer *writer, struct slice key,
                       struct error *err) MUST_CHECK;
bool filter_writer_finish(struct filter_writer *writer, struct error *err) MUST_CHECK;
void filter_writer_done(struct filter_writer *writer); /* takes a zeroed one */
