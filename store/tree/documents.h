/* documents.h - the files under .tallyfs that are not rows.
 *
 * Place    tree.c asks for them like for any other file.
 * Promise  a document is a function of its node and version: nothing of the machine or the moment.
 * Memory   the text is the caller's buffer.
 * Threads  as the snapshot.
 * Errors   ERROR_CORRUPT of what the document is about.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tree/tree.h"

/* The commit that last changed the document. MISSING: there is none such. */
enum tree_answer document_version(const struct snapshot *snapshot, const struct node *node,
                                  uint64_t *ret_commit_id, struct error *err);
/* Appends its text. The node is there. */
bool document_render(const struct snapshot *snapshot, const struct node *node, struct buffer *text,
                     struct error *err) MUST_CHECK;
/* Appends a line for the library that it prints by, with its version. */
void document_libraries(struct buffer *text);
