/* copies.h - private copies of what a snapshot still had to serve when its time was over.
 *
 * Place    notify.c makes one of what a snapshot that is too old still has to serve; ops.c and
 *          ops_directory.c read it.
 * Memory   a copy owns its bytes, and its file, until copy_free.
 * Threads  protected by mount->lock once they are in an inode or handle.
 * Errors   ERROR_FULL, ERROR_SYSTEM of the file that a large copy is in. A copy whose copy_add
 *          failed is to be freed, not read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"
#include "base/error.h"

/* A file's content: in memory while it is small, else in a file without a name. */
struct copy;

struct copy *copy_new(void);
void copy_free(struct copy *copy); /* takes NULL */
bool copy_add(struct copy *copy, struct slice bytes, struct error *err) MUST_CHECK;
/* Appends [offset, offset + size) to INTO, less at the end. */
bool copy_read(const struct copy *copy, uint64_t offset, size_t size, struct buffer *into,
               struct error *err) MUST_CHECK;
