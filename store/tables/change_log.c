// SPDX-License-Identifier: Apache-2.0
#include "tables/change_log.h"

#include "kv/db.h"
#include "types/pack.h"

/* A list is cut into parts, so that LMDB need not find room for one long value in a row of pages. */
enum { PART_BYTES = 32 << 10 };

void change_log_done(struct change_log *log)
{
    buffer_done(&log->entries);
}

void change_log_add(struct change_log *log, const struct change *change)
{
    if (++log->count > CHANGE_LOG_MAX) return;
    pack_u16(&log->entries, change->view);
    buffer_add_byte(&log->entries, change->depth);
    buffer_add_byte(&log->entries, (uint8_t)change->flags);
    pack_bytes(&log->entries, change->key);
}

static bool read_change(struct slice *from, struct change *ret_change)
{
    uint8_t flags;
    if (!unpack_u16(from, &ret_change->view) || !unpack_byte(from, &ret_change->depth) ||
        !unpack_byte(from, &flags) || !unpack_bytes(from, &ret_change->key))
        return false;
    ret_change->flags = flags;
    return true;
}

static bool change_log_corrupt(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "a list of changes cannot be read");
    return error_place(err, "changes");
}

static void part_key(uint64_t commit_id, uint16_t part, struct buffer *key)
{
    buffer_clear(key);
    pack_u64(key, commit_id);
    pack_u16(key, part);
}

/* The first entries of REST that make up a part. */
static struct slice cut_part(struct slice *rest)
{
    const uint8_t *const start = rest->at;
    struct change change;
    while (rest->length && (size_t)(rest->at - start) < PART_BYTES && read_change(rest, &change)) {
    }
    return slice_of(start, (size_t)(rest->at - start));
}

static bool drop_old(struct txn *txn, uint64_t commit_id, struct error *err)
{
    AUTO_CURSOR struct cursor *cursor = NULL;
    AUTO_BUFFER struct buffer first = {0};
    struct db_entry entry;
    if (commit_id <= CHANGE_LOG_COMMITS) return true;
    uint64_t const oldest = commit_id - CHANGE_LOG_COMMITS;
    part_key(0, 0, &first);
    if (!cursor_open(txn, TABLE_CHANGES, &cursor, err)) return false;
    enum db_finding answer = cursor_seek(cursor, buffer_slice(&first), &entry, err);
    for (; answer == DB_FOUND; answer = cursor_next(cursor, &entry, err)) {
        uint64_t id;
        if (!unpack_u64(&entry.key, &id)) return change_log_corrupt(err);
        if (id > oldest) return true;
        if (!cursor_drop(cursor, err)) return false;
    }
    return answer != DB_FAILED;
}

bool change_log_save(struct txn *txn, uint64_t commit_id, const struct change_log *log,
                     struct error *err)
{
    AUTO_BUFFER struct buffer key = {0};
    struct slice rest = buffer_slice(&log->entries);
    if (!drop_old(txn, commit_id, err)) return false;
    if (log->count > CHANGE_LOG_MAX) return true; /* no parts: too much to tell */
    uint16_t part = 0;
    do {
        part_key(commit_id, part++, &key);
        if (!db_put(txn, TABLE_CHANGES, buffer_slice(&key), cut_part(&rest), err)) return false;
    } while (rest.length);
    return true;
}

/* All parts of one commit. */
static enum change_log_answer each_of_commit(struct cursor *cursor, uint64_t commit_id,
                                             void (*visit)(void *context,
                                                           const struct change *change),
                                             void *context, struct error *err)
{
    AUTO_BUFFER struct buffer key = {0};
    struct db_entry entry;
    struct change change;
    part_key(commit_id, 0, &key);
    struct slice const commit_key = slice_of(key.at, sizeof commit_id);
    enum db_finding answer = cursor_seek(cursor, buffer_slice(&key), &entry, err);
    if (answer == DB_MISSING || (answer == DB_FOUND && !slice_starts(entry.key, commit_key)))
        return CHANGE_LOG_UNKNOWN;
    while (answer == DB_FOUND && slice_starts(entry.key, commit_key)) {
        while (entry.value.length) {
            if (!read_change(&entry.value, &change)) {
                (void)change_log_corrupt(err);
                return CHANGE_LOG_FAILED;
            }
            visit(context, &change);
        }
        answer = cursor_next(cursor, &entry, err);
    }
    return answer == DB_FAILED ? CHANGE_LOG_FAILED : CHANGE_LOG_COMPLETE;
}

enum change_log_answer change_log_scan(const struct snapshot *snapshot, uint64_t after,
                                       void (*visit)(void *context, const struct change *change),
                                       void *context, struct error *err)
{
    AUTO_CURSOR struct cursor *cursor = NULL;
    enum change_log_answer answer = CHANGE_LOG_COMPLETE;
    if (snapshot->schema_commit_id > after) return CHANGE_LOG_UNKNOWN;
    if (snapshot->commit_id > after + CHANGE_LOG_COMMITS) return CHANGE_LOG_UNKNOWN;
    if (!cursor_open(snapshot->txn, TABLE_CHANGES, &cursor, err)) return CHANGE_LOG_FAILED;
    for (uint64_t id = after + 1; id <= snapshot->commit_id && answer == CHANGE_LOG_COMPLETE; id++)
        answer = each_of_commit(cursor, id, visit, context, err);
    return answer;
}
