/* tmpstore.h - a store in a private directory, for tests of the library.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "database/store.h"
#include "kv/db.h"
#include "tables/events.h"
#include "tree/tree.h"
#include "write/commit.h"

struct tmpstore {
    char directory[64];
    char path[80];
    struct store *store;
    uint64_t batch_count;
    struct resources resources; /* of its commits */
};

/* Creates and opens; fails the test with the error's text. */
void tmpstore_open(struct tmpstore *tmp, const char *schema);
/* Closes and removes. */
void tmpstore_close(struct tmpstore *tmp);

/* One commit of events, each a line of fields in declared order, separated by '|':
 * "a|2026-01-01|5". An empty field is null, '' the empty string. */
struct batch tmpstore_put(struct tmpstore *tmp, const char *stream, const char *const *lines,
                          size_t count);
/* Likewise, as the batch that BATCH describes: its source, its state, its refused records. */
struct batch tmpstore_put_batch(struct tmpstore *tmp, const char *stream, const char *const *lines,
                                size_t count, const struct batch *batch);
/* One field by the field's type, read strictly; the text must live as long as the value. */
struct value tmpstore_value(const struct schema *schema, const struct field *field,
                            struct slice text);

/* Events as tmpstore_put takes them, not committed yet. Ends with events_chunk_done. */
void tmpstore_chunk(const struct schema *schema, const char *stream, const char *const *lines,
                    size_t count, struct events_chunk *ret_chunk);
/* Writes STORE/rejects/NAME, or cuts what is there. */
void tmpstore_put_rejects(struct tmpstore *tmp, const char *name, const char *text);

/* TEXT with ' for " and ` for ', so that JSON can be read in C. */
struct slice tmpstore_quoted(struct arena *arena, const char *text);

/* Cuts the value of an entry to LENGTH bytes behind everybody's back; its sum is right, as a
 * program of another version leaves it. KEY empty: the first entry. Returns how many it had. */
size_t tmpstore_cut(struct tmpstore *tmp, enum db_table table, struct slice key, size_t length);

/* The content of a file, as text; NULL if it is not there. Free it. */
char *tmpstore_cat(struct tmpstore *tmp, const char *path);
/* The node of a path, which is there. */
void tmpstore_find(const struct snapshot *snapshot, const char *path, struct arena *arena,
                   struct node *ret_node);
/* The names in a directory, one a line. Free it. */
char *tmpstore_ls(struct tmpstore *tmp, const char *path);
/* Fails the test unless the file has this content; NULL: is not there. */
void tmpstore_check(struct tmpstore *tmp, const char *path, const char *expected);
/* Fails the test unless the directory has these names. */
void tmpstore_check_names(struct tmpstore *tmp, const char *path, const char *expected);
/* Fails the test unless the store verifies. */
void tmpstore_verify(struct tmpstore *tmp);
