/* short_write.h - why a file took less than it was given.
 *
 * LMDB answers a write that was done in part by EIO, where whoever writes the rest would be told
 * that the disk is full, or that the quota or the limit of a file's size is reached. tmpfs ends
 * each file in that way.
 *
 * Place    db.c asks when LMDB reports EIO or a write in part.
 * Memory   none.
 * Threads  any.
 * Errors   the result is the errno that tells why.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

/* ENOSPC, EDQUOT or EFBIG, as the system now answers to a few more bytes in DIRECTORY, where FD is
 * open; EIO if it takes them. */
int short_write_reason(const char *directory, int fd);
