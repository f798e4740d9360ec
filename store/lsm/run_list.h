/* run_list.h - the runs of one tree: which there are, from the newest to the oldest.
 *
 * A tree is a table of the store, or the part of it whose keys begin with one prefix. A run is a
 * sorted sequence of blocks (block.h) under keys that begin with its id. Of a key that several runs
 * have, the newest says what it has.
 *
 *   head     takes small changes in place; without a filter; the newest, if there is one
 *   sorted   has filters. One of them may be the tail, to which greater keys are appended
 *   output   of a merge under way, directly in front of its inputs: it has what was merged so far,
 *   input    they have the rest
 *
 * Place    lsm_writer.c and compaction.c change it, whatever reads a tree begins with it.
 * Memory   the list owns what it holds until run_list_done.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: the entry is no list; those of db.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <endian.h>
#include <string.h>

#include "kv/db.h"

/* The tables that are made of trees. */
enum { LSM_TABLES = 6 };
extern const enum db_table lsm_tables[LSM_TABLES];

enum run_state { RUN_HEAD, RUN_SORTED, RUN_OUTPUT, RUN_INPUT };

struct run {
    uint32_t id; /* one table has no two with the same */
    enum run_state state;
    uint64_t blocks;
    uint64_t entries;
    uint64_t stale; /* of the entries: newer runs say otherwise by now */
};

struct run_list {
    enum db_table table;
    struct buffer prefix;   /* of the tree's keys */
    uint64_t seed;          /* of the filters of the table */
    uint32_t tail;          /* an id; 0: there is none */
    struct buffer greatest; /* no key of the tree is behind it; empty: there are none */
    struct run *runs;
    size_t count;
    size_t capacity;
};

/* Once for each table that has trees, when the store is made. */
bool run_list_create(struct txn *txn, enum db_table table, struct error *err) MUST_CHECK;
void run_list_done(struct run_list *list); /* takes a zeroed one */
bool run_list_load(const struct txn *txn, enum db_table table, struct slice prefix,
                   struct run_list *ret_list, struct error *err) MUST_CHECK;
bool run_list_save(struct txn *txn, const struct run_list *list, struct error *err) MUST_CHECK;
/* Calls VISIT with the prefix of each tree of the table. */
bool run_list_each(const struct txn *txn, enum db_table table,
                   bool (*visit)(void *context, struct slice prefix, struct error *err),
                   void *context, struct error *err) MUST_CHECK;

/* A new run in front of the one at AT, with an id greater than all before. */
bool run_list_insert(struct txn *txn, struct run_list *list, size_t at, enum run_state state,
                     struct error *err) MUST_CHECK;
void run_list_remove(struct run_list *list, size_t at);
struct run *run_list_find(const struct run_list *list, uint32_t id); /* NULL: not there */

/* What an entry of the run has for a key in the store's table, and the way back. */
enum { RUN_ID_BYTES = 4 };
void run_key(uint32_t id, struct slice key, struct buffer *into);
static inline uint32_t run_key_id(struct slice key)
{
    return (uint32_t)key.at[0] << 24 | (uint32_t)key.at[1] << 16 | (uint32_t)key.at[2] << 8 |
           key.at[3];
}
static inline struct slice run_key_rest(struct slice key)
{
    return slice_of(key.at + RUN_ID_BYTES, key.length - RUN_ID_BYTES);
}
/* The first bytes of a key behind those that all keys of the tree begin with, as a number: of two
 * keys whose heads differ, that with the lesser one comes first. */
static inline uint64_t key_head(struct slice key, size_t prefix_length)
{
    uint64_t head = 0;
    size_t const length = key.length - prefix_length;
    memcpy(&head, key.at + prefix_length, length < sizeof head ? length : sizeof head);
    return be64toh(head);
}
/* Behind these bytes a key in TABLE_FILTERS is that of an entry. */
void run_filter_key(enum db_table table, uint32_t id, struct slice key, struct buffer *into);
enum { LSM_KEY_BYTES_MAX = DB_KEY_BYTES_MAX - 1 - RUN_ID_BYTES };

/* Removes all that a run has. */
bool run_drop(struct txn *txn, enum db_table table, uint32_t id, struct error *err) MUST_CHECK;
bool run_list_corrupt(enum db_table table, struct error *err); /* sets ERROR_CORRUPT; false */
