/* unpacked.h - a log that was compressed when it was rotated, as plain bytes again.
 *
 * Place    follow_file_find.c and succession.c, where a file that is looked for is compressed by
 *          now.
 * Promise  what is read at an offset is what the file had there before it was compressed.
 * Memory   the caller closes the descriptor and frees the decoder.
 * Threads  one.
 * Errors   ERROR_INPUT: damaged, or no compressed file; those of the directory's disk.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/error.h"
#include "input/decode.h"

/* Of the file from its first byte on; the descriptor is borrowed. */
bool unpacked_decoder(int fd, struct decoder **ret_decoder, struct error *err) MUST_CHECK;
/* A nameless file in DIRECTORY that has all of it. */
bool unpacked_open(int directory, int fd, int *ret_fd, struct error *err) MUST_CHECK;
