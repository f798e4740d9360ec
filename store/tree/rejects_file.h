/* rejects_file.h - the records that a batch refused, as a file of the tree.
 *
 * Place    tree.c and tree_read.c; `tally ingest` has written the file beside the database.
 * Promise  as much of it is shown as the last checkpoint of the batch knows of.
 * Memory   bytes are the caller's buffer.
 * Threads  as the snapshot.
 * Errors   ERROR_MISSING as below; those of read(2).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tree/tree.h"

/* ERROR_MISSING: its owner has taken the file away. */
bool rejects_file_size(const struct snapshot *snapshot, const struct node *node,
                       uint64_t *ret_bytes, struct error *err) MUST_CHECK;
/* Appends the bytes [offset, offset + size), fewer only at the end. */
bool rejects_file_read(const struct snapshot *snapshot, const struct node *node, uint64_t offset,
                       size_t size, struct buffer *into, struct error *err) MUST_CHECK;
