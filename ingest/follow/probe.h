/* probe.h - some bytes of a file, by which it is told from others: those in front of what was
 * taken of it, else its first ones.
 *
 * Place    follow_file.c looks by it whether a file was truncated; where it is by now, and whether
 *          another file is a copy of it, is found out with it.
 * Promise  an empty probe is of no file.
 * Memory   none.
 * Threads  pure, but for the file.
 * Errors   none: what cannot be looked at is not the one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "load/tail_checkpoint.h"

struct probe {
    uint64_t from;
    uint64_t to;
    struct digest digest;
};

struct probe probe_of(const struct batch *batch);
/* Whether the file has the same bytes there. */
bool probe_fits(const struct probe *probe, int fd);
/* Whether the compressed file has them, decompressed. */
bool probe_fits_packed(const struct probe *probe, int fd);
/* Whether the file has, from its start and up to its end, what OF has there: it is a copy, or was
 * one before OF grew. */
bool probe_is_copy(int fd, uint64_t size, int of);
