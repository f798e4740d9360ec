/* spool.h - a nameless file for input that can be read only once.
 *
 * Place    in the directory of the store, where the disk is that will take the events too. It
 *          vanishes with the process however that ends.
 * Memory   none; the descriptor is the caller's to close.
 * Threads  one writer at a time; readers use pread(2).
 * Errors   ERROR_FULL: no space on the disk; ERROR_SYSTEM.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"
#include "base/error.h"

bool spool_open(int directory, int *ret_fd, struct error *err) MUST_CHECK;
/* Appends. */
bool spool_write(int fd, const uint8_t *bytes, size_t length, struct error *err) MUST_CHECK;
/* Gives the disk back what lies between two places, where the file system can; offsets
 * stay as they are. */
void spool_release(int fd, uint64_t from, uint64_t to);
