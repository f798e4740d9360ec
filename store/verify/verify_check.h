/* verify_check.h - comparing what the tree shows with what it should: between verify.c and what
 * looks at files.
 *
 * Place    verify_store.c, verify.c, verify_portions.c, verify_derived.c, verify_hierarchy_p.h,
 *          verify_rows.c.
 * Memory   the check owns its buffers; verify.c ends it.
 * Threads  as the snapshot.
 * Errors   as verify.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tree/tree.h"
#include "verify/verify.h"
#include "verify/verify_p.h"

struct check {
    const struct snapshot *snapshot;
    size_t memory_bytes;
    const struct tallied_view *view;
    void (*differ)(void *context, const char *path, const char *what);
    void *context;
    struct verify_result result;
    struct buffer path; /* of the group at hand, without extension */
    /* Finds it, where that costs too much to be done for what does not differ; or NULL. */
    void (*locate)(struct check *check);
    const void *at; /* for locate */
    struct buffer expected;
    struct buffer found;
};

/* A file of rows in each of the formats, or one with the figures of the group itself. */
enum kind {
    KIND_JSON = ROWS_JSON,
    KIND_NDJSON = ROWS_NDJSON,
    KIND_CSV = ROWS_CSV,
    KIND_PROM = ROWS_PROM,
    KIND_TOTAL = ROWS_FORMATS
};
/* What such a file's path has behind that of the group. */
const char *verify_extension(enum kind kind);

/* Tells that the file of the group at hand differs. */
void verify_emit(struct check *check, const char *extension, const char *what);
/* The same with what is around the first byte in which check->found and check->expected do, which
 * are FROM on in the file. */
void verify_emit_difference(struct check *check, const char *extension, uint64_t from);
/* Compares check->expected with what the tree shows. */
bool verify_file(struct check *check, const char *extension, struct error *err) MUST_CHECK;
/* The name of the group in the directory above, and its whole path into check->path; at depth 0
 * GROUP is not looked at. */
void verify_add_name(const struct check *check, const struct tallied_group *group, unsigned depth,
                     struct buffer *path);
void verify_set_path(struct check *check, const struct tallied_group *group, unsigned depth);
/* The file of the leaves [first, first + count) of the view that is counted, into
 * check->expected. */
void verify_expect_rows(struct check *check, enum kind kind, size_t first, size_t count,
                        bool is_list);
/* Everything of the groups of depth FIRST and deeper. */
bool verify_levels(struct check *check, unsigned first, struct error *err) MUST_CHECK;
/* Everything of a view that is too large to be counted at once. */
bool verify_portions(struct check *check, const struct view *view, struct error *err) MUST_CHECK;
/* Compares check->expected with a file that was looked up with ANSWER. */
bool verify_found(struct check *check, enum tree_answer answer, const struct node *node,
                  const struct node_stat *stat, const char *extension,
                  struct error *err) MUST_CHECK;
/* One value of a row: `"name":json` or a cell. VALUE: NULL where it is no plain one. */
void verify_member(enum kind kind, struct slice name, const struct buffer *json,
                   const struct value *value, bool first, struct buffer *row);
void verify_cell(struct slice text, struct buffer *line);
/* A group with its dimensions from FIRST to END, and the names above rows that begin with the
 * dimension FIRST. */
void verify_row(const struct check *check, const struct view *view, enum kind kind,
                const struct tallied_group *group, unsigned first, unsigned end,
                struct buffer *row);
void verify_header(const struct view *view, unsigned first, struct buffer *text);
/* Whether the listing goes on with NAME; then *good stays. */
bool verify_next_name(struct tree_listing *listing, struct slice name, bool *good,
                      struct error *err) MUST_CHECK;

/* Everything of one view. */
bool verify_view(struct check *check, const struct view *view, struct error *err) MUST_CHECK;
/* That each row of a view that others are over is to them what it shows. */
bool verify_source(struct check *check, const struct view *view, struct error *err) MUST_CHECK;
/* The tables of references and of expiry; and that of the links of a hierarchy, of which COUNTED is
 * the sum. */
bool verify_derived(struct check *check, struct error *err) MUST_CHECK;
bool verify_links(struct check *check, uint64_t counted, struct error *err) MUST_CHECK;
/* The rows that a node of a hierarchy, by its id, has in a breakdown that is counted. */
const struct tallied_group *verify_breakdown_rows(const struct tallied_view *view,
                                                  const struct value *node, size_t *ret_count);
/* The file with them, into check->expected. */
void verify_breakdown_expect(struct check *check, const struct view *view, enum kind kind,
                             const struct tallied_group *rows, size_t count);
/* Everything of a view that is a hierarchy. */
bool verify_hierarchy(struct check *check, const struct view *view, struct error *err) MUST_CHECK;
/* That a view without events shows nothing. */
bool verify_absent(struct check *check, struct error *err) MUST_CHECK;
