// SPDX-License-Identifier: Apache-2.0
#include "lsm/lsm_reader.h"

#include "base/arena.h"
#include "lsm/filter.h"
#include "lsm/run_probe.h"

struct lsm_reader {
    struct run_list list;
    struct run_probe *probes; /* one a run, newest first */
    size_t probe_count;
};

void lsm_reader_close(struct lsm_reader *reader)
{
    if (!reader) return;
    for (size_t i = 0; i < reader->probe_count; i++)
        run_probe_done(&reader->probes[i]);
    free(reader->probes);
    run_list_done(&reader->list);
    free(reader);
}

static bool open_probes(struct lsm_reader *reader, const struct txn *txn, struct error *err)
{
    reader->probes = memory_alloc((reader->list.count + 1) * sizeof *reader->probes);
    for (; reader->probe_count < reader->list.count; reader->probe_count++) {
        if (!run_probe_open(txn, &reader->list, &reader->list.runs[reader->probe_count], false,
                            &reader->probes[reader->probe_count], err))
            return false;
    }
    return true;
}

bool lsm_reader_open(const struct txn *txn, enum db_table table, struct slice prefix,
                     struct lsm_reader **ret_reader, struct error *err)
{
    struct lsm_reader *const reader = memory_alloc(sizeof *reader);
    if (!run_list_load(txn, table, prefix, &reader->list, err) || !open_probes(reader, txn, err)) {
        lsm_reader_close(reader);
        return false;
    }
    *ret_reader = reader;
    return true;
}

enum db_finding lsm_reader_find(struct lsm_reader *reader, struct slice key,
                                struct slice *ret_value, struct error *err)
{
    uint64_t const hash = filter_hash(reader->list.seed, key);
    for (size_t i = 0; i < reader->probe_count; i++) {
        enum db_finding const found = run_probe_find(&reader->probes[i], key, hash, ret_value, err);
        if (found == DB_MISSING) continue;
        /* no value: it went away */
        return found == DB_FOUND && ret_value->length == 0 ? DB_MISSING : found;
    }
    return DB_MISSING;
}
