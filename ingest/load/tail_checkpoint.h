/* tail_checkpoint.h - an input that grows: a log that is being written, a pipe that stays open.
 *
 * Place    follow_file.c and follow_pipe.c find out what there is; batch.c takes it.
 * Promise  such an input is one batch, whose checkpoint is written with its events. It is known by
 *          its name and number, as its bytes are not all there: the first file of a name, the
 *          second, ... . Whether a file is the one that a checkpoint is of is told by its inode
 *          number and the last bytes in front of the checkpoint.
 * Memory   the batch found lives in the arena given.
 * Threads  one.
 * Errors   those of the file and of the store.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "database/store.h"
#include "tables/batch_log.h"

enum { GROWTH_PAGE_BYTES = 4096 };

struct tail_checkpoint {
    int fd;               /* plain bytes; borrowed */
    uint64_t end_bytes;   /* what may be read: to the end of a line */
    struct digest digest; /* tail_checkpoint_name */
    uint64_t inode;
    bool ends; /* nothing comes behind it */
};

/* What the file NUMBER (0, 1, ...) of a path is known by in the ledger. */
struct digest tail_checkpoint_name(const char *path, uint64_t number);
/* Of the bytes from FROM to TO, which are two pages at most. */
bool tail_checkpoint_digest(int fd, uint64_t from, uint64_t to, struct digest *ret_digest,
                            struct error *err) MUST_CHECK;
/* Of the bytes in front of OFFSET, a page at most. */
bool tail_checkpoint_tail_digest(int fd, uint64_t offset, struct digest *ret_digest,
                                 struct error *err) MUST_CHECK;
/* What the store has of the file NUMBER of a path. */
enum batch_log_finding tail_checkpoint_get(const struct snapshot *snapshot, uint16_t stream,
                                           const char *path, uint64_t number, struct arena *arena,
                                           struct batch *ret_batch, struct error *err);
/* The last of the files of a path that the store knows, and its number; MISSING: there is none. */
enum batch_log_finding tail_checkpoint_find(const struct snapshot *snapshot, uint16_t stream,
                                            const char *path, struct arena *arena,
                                            struct batch *ret_batch, uint64_t *ret_number,
                                            struct error *err);
