/* follow_file_p.h - a log that is followed: what follow_file.c and follow_file_find.c share.
 *
 * Place    follow_file.c looks and loads; follow_file_find.c opens the file to go on with.
 * Memory   the tail owns `fd` and what the succession holds; the rest is borrowed.
 * Threads  one.
 * Errors   of the followed file and its folder, and of the store.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "follow/follow.h"
#include "follow/succession.h"

struct tail {
    struct follow *follow;
    const char *path; /* absolute */
    int folder;       /* of the file */
    const char *name; /* in it */
    int watch;
    int fd;         /* -1: there is no file yet */
    uint64_t inode; /* of `fd`, or of the compressed file that it was made of */
    bool is_whole;  /* nothing more can come into it */
    struct succession succession;
    uint64_t number; /* of the file among those of the path */
    uint64_t offset; /* what was taken */
    struct probe probe;
    uint64_t size;         /* when it was last looked at */
    uint64_t scanned;      /* there is no end of a line between what was taken and here */
    int64_t grown_ms;      /* when it last grew */
    int64_t waiting_ms;    /* since when something waits to be taken; 0: nothing does */
    uint64_t useless_size; /* at which a load took nothing: a record is not whole */
};

/* Opens the file where an earlier run ended, or the first one; there may be none yet. */
bool follow_file_go_on(struct tail *tail, struct error *err) MUST_CHECK;
/* Opens the file that the probe fits, under the name that it has by now, compressed or not. INODE:
 * which it has unless it is a copy; 0: unknown. */
bool follow_file_find(struct tail *tail, const struct probe *probe, uint64_t inode);
/* Opens the first one that the succession holds, if it holds one, as file `number`. */
bool follow_file_open_next(struct tail *tail, struct error *err) MUST_CHECK;
void follow_file_begin(struct tail *tail, int fd, uint64_t inode);
