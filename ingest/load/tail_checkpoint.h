/* tail_checkpoint.h - an input that grows: a log that is being written, a pipe that stays open.
 *
 * Place    follow_file.c and follow_pipe.c find out what there is; batch.c takes it.
 * Promise  such an input is one batch, whose checkpoint is written with its events. It is known by its name and number, as
 *          its bytes are not all there: the first file of a name, the second, ... . Whether a file is the one that a
 *          checkpoint is of is told by its inode number and the last bytes in front of the checkpoint.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tables/batch_log.h"

enum { GROWTH_PAGE_BYTES = 4096 };

struct tail_checkpoint {
    int fd;             /* plain bytes; borrowed */
    uint64_t end_bytes; /* what may be read: to the end of a line */
    uint64_t digest[2]; /* tail_checkpoint_name */
    uint64_t inode;
    bool ends; /* nothing comes behind it */
};

/* What the file NUMBER (0, 1, ...) of a path is known by in the ledger. */
void tail_checkpoint_name(const char *path, uint64_t number, uint64_t ret_digest[2]);
/* Of the bytes from FROM to TO, which are two pages at most. */
bool tail_checkpoint_hash(int fd, uint64_t from, uint64_t to, uint64_t *ret_hash,
                          struct error *err) MUST_CHECK;
/* Of the bytes in front of OFFSET, a page at most. */
bool tail_checkpoint_tail_hash(int fd, uint64_t offset, uint64_t *ret_hash,
                               struct error *err) MUST_CHECK;
/* The last of the files of a path that the store knows, and its number; MISSING: there is none. */
enum batch_log_finding tail_checkpoint_find(const struct snapshot *snapshot, uint16_t stream,
                                            const char *path, struct arena *arena,
                                            struct batch *ret_batch, uint64_t *ret_number,
                                            struct error *err);
