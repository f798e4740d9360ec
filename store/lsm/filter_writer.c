// SPDX-License-Identifier: Apache-2.0
#include "lsm/filter_writer.h"

#include "lsm/filter.h"

bool filter_writer_open(struct txn *txn, const struct run_list *list, uint32_t run,
                        struct filter_writer *ret_writer, struct error *err)
{
    AUTO_CURSOR struct cursor *cursor = NULL;
    STACK_BUFFER(start, 1 + RUN_ID_BYTES);
    STACK_BUFFER(end, 1 + RUN_ID_BYTES);
    struct db_entry last;
    *ret_writer =
        (struct filter_writer){.txn = txn, .table = list->table, .run = run, .seed = list->seed};
    run_filter_key(list->table, run, (struct slice){0}, &start);
    run_filter_key(list->table, run + 1, (struct slice){0}, &end);
    if (!cursor_open(txn, TABLE_FILTERS, &cursor, err)) return false;
    enum db_finding const found = cursor_seek_back(cursor, buffer_slice(&end), &last, err);
    if (found == DB_FAILED) return false;
    if (found == DB_MISSING || !slice_starts(last.key, buffer_slice(&start))) return true;
    if (!filter_is_whole(last.value)) return run_list_corrupt(list->table, err);
    buffer_set(&ret_writer->key, last.key);
    buffer_set(&ret_writer->bits, last.value);
    return true;
}

bool filter_writer_finish(struct filter_writer *writer, struct error *err)
{
    if (!writer->is_changed) return true;
    writer->is_changed = false;
    return db_put(writer->txn, TABLE_FILTERS, buffer_slice(&writer->key),
                  buffer_slice(&writer->bits), err);
}

bool filter_writer_add(struct filter_writer *writer, struct slice key, struct error *err)
{
    if (writer->bits.length == 0 || filter_is_full(&writer->bits)) {
        if (!filter_writer_finish(writer, err)) return false;
        filter_begin(&writer->bits);
        run_filter_key(writer->table, writer->run, key, &writer->key);
    }
    filter_add(&writer->bits, filter_hash(writer->seed, key));
    writer->is_changed = true;
    return true;
}

void filter_writer_done(struct filter_writer *writer)
{
    buffer_done(&writer->key);
    buffer_done(&writer->bits);
}
