/* A store with one entry changed, whose sum fits: what is behind the sums must not be trusted
 * either. The input is table, number of the entry, what to do, and bytes. The store is opened, all
 * that it shows is read, and it is verified; either answer is right. Then the entry is put back.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#include "../support/tmpstore.h"
#include "base/arena.h"
#include "fuzz.h"
#include "kv/db.h"
#include "verify/verify.h"

enum { HEAD_BYTES = 3, NODES_MAX = 300, READ_BYTES = 64 << 10, LISTED_MAX = 50 };
enum tampering { REPLACE, XOR, CUT, ANOTHER_KEY, CHANGES };

static const char schema[] =
    "{\"timezone\":\"Europe/"
    "Berlin\",\"streams\":{\"s\":{\"key\":\"k\",\"time\":\"t\",\"keep\":\"90 "
    "days\",\"on_duplicate\":\"replace\",\"fields\":{\"k\":\"string\",\"t\":\"time\",\"g\":"
    "\"string\","
    "\"n\":\"decimal\",\"f\":\"float\"}},\"c\":{\"key\":\"id\",\"on_duplicate\":\"replace\","
    "\"fields\":{"
    "\"id\":\"string\",\"up\":{\"type\":\"string\",\"references\":\"c\"},\"x\":\"int\"}}},"
    "\"views\":{"
    "\"t\":{\"from\":\"c\",\"by\":[\"tree(id, "
    "up)\"],\"measures\":{\"m\":\"median(x)\"},\"within\":{\"d\":{\"by\":[\"depth("
    ")\"],\"measures\":{\"u\":\"uniq(x)\"}}}},\"e\":{\"from\":\"c\",\"by\":[\"up.x\"],\"measures\":"
    "{\"v\":"
    "\"var(sum(x) per id)\",\"o\":\"covar(x, "
    "x)\"}},\"v\":{\"from\":\"s\",\"by\":[\"g\",\"day(t)\"],\"measures\":"
    "{"
    "\"n\":\"sum(n)\",\"u\":\"uniq(k)\",\"m\":\"median(n)\",\"p\":\"top(k, "
    "2)\",\"f\":\"stddev(f)\","
    "\"l\":\"last(k)\",\"a\":\"arg_max(k, n)\",\"q\":\"quantile_disc(f, "
    "0.5)\"}},\"w\":{\"from\":\"v\","
    "\"by\":[\"g\"],\"measures\":{\"x\":\"max(n)\"}}}}";
static const char *const lines[] = {"a|2026-01-01|x|1.50|1", "b|2026-01-01|x|2|2.5",
                                    "c|2026-01-02|y|-3.25|", "d|2026-01-02||4|1e9", "e||x|5|0.1"};
static const char *const calls[] = {"b|a|2", "c|b|3", "a||1", "d|lost|4"};
static struct tmpstore store;

static void leave(void)
{
    tmpstore_close(&store);
}

static void start(void)
{
    if (store.path[0]) return;
    tmpstore_open(&store, schema);
    (void)tmpstore_put(&store, "s", lines, 3);
    (void)tmpstore_put(&store, "s", lines, COUNT_OF(lines));
    (void)tmpstore_put(&store, "c", calls, COUNT_OF(calls));
    store_close(TAKE(store.store));
    if (atexit(leave) != 0) __builtin_trap();
}

static void must(bool good)
{
    if (!good) __builtin_trap();
}

/* The entry at NUMBER, counted around. */
static void find_entry(struct txn *txn, enum db_table table, unsigned number, struct buffer *key,
                       struct buffer *value)
{
    AUTO_CURSOR struct cursor *cursor = NULL;
    struct db_entry entry;
    struct error err;
    must(cursor_open(txn, table, &cursor, &err));
    if (cursor_first(cursor, &entry, &err) != DB_FOUND) return;
    while (number-- > 0) {
        if (cursor_next(cursor, &entry, &err) != DB_FOUND) break;
    }
    buffer_add_slice(key, entry.key);
    buffer_add_slice(value, entry.value);
}

static void tamper(enum tampering tampering, struct slice bytes, struct buffer *key,
                   struct buffer *value)
{
    switch (tampering) {
    case REPLACE: buffer_set(value, bytes); return;
    case XOR:
        for (size_t i = 0; i < bytes.length && value->length; i++)
            value->at[i % value->length] ^= bytes.at[i];
        return;
    case CUT:
        if (bytes.length && bytes.at[0] < value->length) value->length = bytes.at[0];
        return;
    case ANOTHER_KEY:
    case CHANGES: break;
    }
    if (bytes.length)
        buffer_set(key, slice_of(bytes.at, bytes.length < DB_KEY_BYTES_MAX ? bytes.length
                                                                           : DB_KEY_BYTES_MAX));
}

/* Whether the entry could be put in the place of another one, whose key is DROP. */
static bool put(struct db *db, enum db_table table, struct slice drop, struct slice key,
                struct slice value)
{
    struct txn *txn;
    struct slice there;
    struct error err;
    must(txn_begin(db, true, &txn, &err));
    if (!slice_equal(drop, key) && db_get(txn, table, key, &there, &err) == DB_FOUND) {
        txn_abort(txn); /* it would be lost */
        return false;
    }
    must(db_drop(txn, table, drop, &err) && db_put(txn, table, key, value, &err));
    must(txn_commit(txn, &err));
    return true;
}

static void nothing(void *context, const char *path, const char *what)
{
    (void)context, (void)path, (void)what;
}

static void read_file(const struct snapshot *snapshot, const struct node *node)
{
    AUTO(tree_reader_done) struct tree_reader reader = {0};
    AUTO_BUFFER struct buffer bytes = {0};
    struct error err;
    bool const good = tree_read(snapshot, node, &reader, 0, READ_BYTES, &bytes, &err);
    (void)good;
}

static void read_folder(const struct snapshot *snapshot, const struct node *folder, unsigned depth,
                        unsigned *nodes)
{
    struct tree_listing *listing;
    struct tree_entry entry;
    struct error err;
    if (depth > 8 || !tree_list(snapshot, folder, &listing, &err)) return;
    for (unsigned i = 0; i < LISTED_MAX && *nodes < NODES_MAX; i++) {
        AUTO_ARENA struct arena arena = {0};
        struct node_stat stat;
        if (tree_listing_next(listing, &entry, &err) != TREE_FOUND) break;
        (*nodes)++;
        struct node found;
        (void)tree_lookup(snapshot, folder, entry.name, &arena, &found, &stat, &err);
        if (entry.stat.directory)
            read_folder(snapshot, &entry.node, depth + 1, nodes);
        else
            read_file(snapshot, &entry.node);
    }
    tree_listing_free(listing);
}

static void read_store(void)
{
    struct node const root = {.kind = NODE_ROOT};
    struct verify_result result;
    struct snapshot *snapshot;
    struct store *opened;
    struct error err;
    unsigned nodes = 0;
    if (!store_open(store.path, STORE_READ, &opened, &err)) return;
    if (snapshot_open(opened, &snapshot, &err)) {
        read_folder(snapshot, &root, 0, &nodes);
        bool const good = verify_store(snapshot, nothing, NULL, &result, &err);
        (void)good;
        snapshot_close(snapshot);
    }
    store_close(opened);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO_BUFFER struct buffer key = {0}, value = {0}, old_key = {0}, old_value = {0};
    struct txn *txn = NULL;
    struct db *db = NULL;
    struct error err;
    if (length < HEAD_BYTES) return 0;
    start();
    enum db_table const table = (enum db_table)(bytes[0] % DB_TABLES);
    must(db_open(store.path, DB_WRITE, &db, &err));
    must(txn_begin(db, false, &txn, &err));
    find_entry(txn, table, bytes[1], &old_key, &old_value);
    txn_abort(txn);
    bool done = false;
    if (old_key.length) {
        buffer_add_slice(&key, buffer_slice(&old_key));
        buffer_add_slice(&value, buffer_slice(&old_value));
        tamper((enum tampering)(bytes[2] % CHANGES),
               slice_of(bytes + HEAD_BYTES, length - HEAD_BYTES), &key, &value);
        done = put(db, table, buffer_slice(&old_key), buffer_slice(&key), buffer_slice(&value));
    }
    db_close(db);
    if (!done) return 0;
    read_store();
    must(db_open(store.path, DB_WRITE, &db, &err));
    must(put(db, table, buffer_slice(&key), buffer_slice(&old_key), buffer_slice(&old_value)));
    db_close(db);
    return 0;
}
