/* The newest commits stand beside the store's state, on a page that each commit writes anyway; when
 * a block of them is full it goes behind the others, where it stays as it is.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tables/commits.h"

#include "types/pack.h"

enum { BLOCK_ROOM_BYTES = 1024 };

static struct slice newest_key(void)
{
    return slice_text("commits");
}

/* The newest ones: of which the first is *ret_first, each of them in *ret_list. */
static enum db_finding get_newest(const struct txn *txn, uint64_t *ret_first,
                                  struct slice *ret_list, struct error *err)
{
    enum db_finding const found = db_get(txn, TABLE_META, newest_key(), ret_list, err);
    if (found != DB_FOUND) return found;
    return unpack_u64(ret_list, ret_first) ? DB_FOUND : DB_MISSING;
}

static void pack_commit(struct buffer *list, const struct meta_commit *last,
                        const struct meta_commit *commit)
{
    uint64_t const ms = (uint64_t)(commit->ns - last->ns) / COMMIT_RESOLUTION_NS;
    bool const other_batch = commit->batch_id != last->batch_id;
    pack_varint(list, ms * 2 + other_batch);
    if (!other_batch) return;
    pack_varint(list, commit->batch_id > last->batch_id
                          ? (commit->batch_id - last->batch_id) * 2
                          : (last->batch_id - commit->batch_id) * 2 - 1);
}

/* From one commit to the next. */
static bool unpack_commit(struct slice *list, struct meta_commit *commit)
{
    uint64_t number, batch = 0;
    if (!unpack_varint(list, &number) || (number % 2 && !unpack_varint(list, &batch))) return false;
    commit->ns += (int64_t)(number / 2 * COMMIT_RESOLUTION_NS);
    commit->batch_id += batch % 2 ? 0 - (batch + 1) / 2 : batch / 2;
    return true;
}

/* The last one of the first COUNT. */
static bool scan(struct slice *list, uint64_t count, struct meta_commit *ret_commit)
{
    *ret_commit = (struct meta_commit){.ns = 0};
    for (uint64_t i = 0; i < count; i++) {
        if (!unpack_commit(list, ret_commit)) return false;
    }
    return true;
}

static bool corrupt(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "the store's record of its last commits cannot be read");
    (void)error_remedy(err, "restore the store from a backup, or ingest again into a new one");
    return error_place(err, "meta");
}

static bool move_behind(struct txn *txn, uint64_t first, struct slice list, struct error *err)
{
    STACK_BUFFER(key, sizeof first);
    STACK_BUFFER(block, BLOCK_ROOM_BYTES);
    pack_u64(&key, first);
    buffer_add_slice(&block, list);
    return db_append(txn, TABLE_COMMITS, buffer_slice(&key), buffer_slice(&block), err);
}

bool commits_add(struct txn *txn, uint64_t commit_id, const struct meta_commit *commit,
                 struct error *err)
{
    STACK_BUFFER(value, BLOCK_ROOM_BYTES);
    struct meta_commit last = {.ns = 0};
    struct slice list = {0};
    uint64_t first = commit_id;
    enum db_finding const found = get_newest(txn, &first, &list, err);
    if (found == DB_FAILED) return false;
    if (commit_id - first >= COMMITS_IN_BLOCK) {
        if (commit_id - first > COMMITS_IN_BLOCK) return corrupt(err);
        if (!move_behind(txn, first, list, err)) return false;
        first = commit_id;
        list = (struct slice){0};
    }
    struct slice rest = list;
    if (!scan(&rest, commit_id - first, &last) || rest.length) return corrupt(err);
    pack_u64(&value, first);
    buffer_add_slice(&value, list);
    pack_commit(&value, &last, commit);
    return db_put(txn, TABLE_META, newest_key(), buffer_slice(&value), err);
}

static enum db_finding find_block(const struct txn *txn, uint64_t commit_id, uint64_t *ret_first,
                                  struct slice *ret_list, struct error *err)
{
    AUTO_CURSOR struct cursor *cursor = NULL;
    STACK_BUFFER(key, sizeof commit_id);
    struct db_entry entry;
    pack_u64(&key, commit_id);
    if (!cursor_open(txn, TABLE_COMMITS, &cursor, err)) return DB_FAILED;
    enum db_finding const found = cursor_seek_back(cursor, buffer_slice(&key), &entry, err);
    if (found != DB_FOUND) return found;
    *ret_list = entry.value;
    return unpack_u64(&entry.key, ret_first) ? DB_FOUND : DB_MISSING;
}

enum db_finding commits_find(const struct txn *txn, uint64_t commit_id,
                             struct meta_commit *ret_commit, struct error *err)
{
    struct slice list;
    uint64_t first;
    enum db_finding found = get_newest(txn, &first, &list, err);
    if (found == DB_FOUND && commit_id < first)
        found = find_block(txn, commit_id, &first, &list, err);
    if (found != DB_FOUND) return found;
    if (commit_id - first >= COMMITS_IN_BLOCK) return DB_MISSING;
    return scan(&list, commit_id - first + 1, ret_commit) ? DB_FOUND : DB_MISSING;
}
