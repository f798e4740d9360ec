/* The newest commits stand beside the store's state, on a page that each commit writes anyway; when
 * a block of them is full it goes behind the others, where it stays as it is.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tables/commits.h"

#include <errno.h>

#include "base/random.h"
#include "types/pack.h"

enum { BLOCK_ROOM_BYTES = 512 };

struct block {
    uint64_t first;        /* the number of its first commit */
    uint64_t nonce_before; /* of the commit before that one */
    struct slice list;     /* of the commits */
};

static struct slice newest_key(void)
{
    return slice_text("commits");
}

static bool corrupt(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "the store's record of its last commits cannot be read");
    (void)error_remedy(err, "restore the store from a backup, or ingest again into a new one");
    return error_place(err, "meta");
}

/* The newest ones; DB_MISSING: the store has no commit yet. */
static enum db_finding get_newest(const struct txn *txn, struct block *ret_block, struct error *err)
{
    struct slice rest;
    enum db_finding const found = db_get(txn, TABLE_META, newest_key(), &rest, err);
    if (found != DB_FOUND) return found;
    if (!unpack_u64(&rest, &ret_block->first) || !unpack_u64(&rest, &ret_block->nonce_before)) {
        (void)corrupt(err);
        return DB_FAILED;
    }
    ret_block->list = rest;
    return DB_FOUND;
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void pack_commit(struct buffer *list, const struct meta_commit *last, int64_t ns,
                        uint64_t batch_id, uint16_t random)
{
    uint64_t const ms = (uint64_t)(ns - last->ns) / COMMIT_RESOLUTION_NS;
    bool const other_batch = batch_id != last->batch_id;
    pack_varint(list, ms * 2 + other_batch);
    if (other_batch)
        pack_varint(list, batch_id > last->batch_id ? (batch_id - last->batch_id) * 2
                                                    : (last->batch_id - batch_id) * 2 - 1);
    pack_u16(list, random);
}

/* From one commit to the next. */
static bool unpack_commit(struct slice *list, struct meta_commit *commit)
{
    uint64_t number, batch = 0;
    uint16_t random;
    if (!unpack_varint(list, &number) || (number % 2 && !unpack_varint(list, &batch)) ||
        !unpack_u16(list, &random))
        return false;
    commit->ns += (int64_t)(number / 2 * COMMIT_RESOLUTION_NS);
    commit->batch_id += batch % 2 ? 0 - (batch + 1) / 2 : batch / 2;
    commit->nonce = mix(commit->nonce + (number << 16 | random));
    if (number % 2) commit->nonce = mix(commit->nonce + batch);
    return true;
}

/* The last one of the first COUNT; *REST: what stands behind it. */
static bool scan(const struct block *block, uint64_t count, struct meta_commit *ret_commit,
                 struct slice *rest)
{
    *rest = block->list;
    *ret_commit = (struct meta_commit){.nonce = block->nonce_before};
    for (uint64_t i = 0; i < count; i++) {
        if (!unpack_commit(rest, ret_commit)) return false;
    }
    return true;
}

static bool draw(void *ret_bytes, size_t size, struct error *err)
{
    return random_draw(ret_bytes, size) ||
           error_system(err, errno, "the system gives no random numbers");
}

static bool move_behind(struct txn *txn, const struct block *block, struct error *err)
{
    STACK_BUFFER(key, sizeof block->first);
    STACK_BUFFER(value, BLOCK_ROOM_BYTES);
    pack_u64(&key, block->first);
    pack_u64(&value, block->nonce_before);
    buffer_add_slice(&value, block->list);
    return db_append(txn, TABLE_COMMITS, buffer_slice(&key), buffer_slice(&value), err);
}

/* The block that takes the next commit, and the commit before that. */
static bool begin(struct txn *txn, uint64_t commit_id, struct block *ret_block,
                  struct meta_commit *ret_last, struct error *err)
{
    struct block block = {.first = commit_id};
    struct slice rest;
    enum db_finding const found = get_newest(txn, &block, err);
    if (found == DB_FAILED) return false;
    if (found == DB_MISSING && !draw(&block.nonce_before, sizeof block.nonce_before, err))
        return false;
    uint64_t const count = commit_id - block.first;
    if ((found == DB_MISSING && commit_id != 1) || count > COMMITS_IN_BLOCK ||
        !scan(&block, count, ret_last, &rest) || rest.length)
        return corrupt(err);
    if (count == COMMITS_IN_BLOCK) {
        if (!move_behind(txn, &block, err)) return false;
        block = (struct block){.first = commit_id, .nonce_before = ret_last->nonce};
        *ret_last = (struct meta_commit){.nonce = block.nonce_before};
    }
    *ret_block = block;
    return true;
}

bool commits_add(struct txn *txn, uint64_t commit_id, int64_t commit_ns, uint64_t batch_id,
                 struct error *err)
{
    STACK_BUFFER(value, BLOCK_ROOM_BYTES);
    struct block block;
    struct meta_commit last;
    uint16_t random;
    if (!begin(txn, commit_id, &block, &last, err) || !draw(&random, sizeof random, err))
        return false;
    pack_u64(&value, block.first);
    pack_u64(&value, block.nonce_before);
    buffer_add_slice(&value, block.list);
    pack_commit(&value, &last, commit_ns, batch_id, random);
    return db_put(txn, TABLE_META, newest_key(), buffer_slice(&value), err);
}

static enum db_finding find_block(const struct txn *txn, uint64_t commit_id,
                                  struct block *ret_block, struct error *err)
{
    AUTO_CURSOR struct cursor *cursor = NULL;
    STACK_BUFFER(key, sizeof commit_id);
    struct db_entry entry;
    pack_u64(&key, commit_id);
    if (!cursor_open(txn, TABLE_COMMITS, &cursor, err)) return DB_FAILED;
    enum db_finding const found = cursor_seek_back(cursor, buffer_slice(&key), &entry, err);
    if (found != DB_FOUND) return found;
    if (!unpack_u64(&entry.key, &ret_block->first) ||
        !unpack_u64(&entry.value, &ret_block->nonce_before))
        return DB_MISSING;
    ret_block->list = entry.value;
    return DB_FOUND;
}

enum db_finding commits_find(const struct txn *txn, uint64_t commit_id,
                             struct meta_commit *ret_commit, struct error *err)
{
    struct block block;
    struct slice rest;
    enum db_finding found = get_newest(txn, &block, err);
    if (found == DB_FOUND && commit_id < block.first)
        found = find_block(txn, commit_id, &block, err);
    if (found != DB_FOUND) return found;
    if (commit_id - block.first >= COMMITS_IN_BLOCK) return DB_MISSING;
    return scan(&block, commit_id - block.first + 1, ret_commit, &rest) ? DB_FOUND : DB_MISSING;
}
