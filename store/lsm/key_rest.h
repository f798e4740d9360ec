/* key_rest.h - what a key has behind the bytes that it shares with the key before: as it is, or in
 * half the bytes where it is made of hexadecimal digits.
 *
 *   before   0a 7c9e6679-7425-40de-944b-e07fc1f90ae7
 *   key      0a 7d0a41b2-0c1f-4e5b-8e0b-4a1f6d2c9b10       shared: 2
 *   rest        d0a41b2 0c1f 4e5b 8e0b 4a1f6d2c9b10        31 digits in 16 bytes
 *
 * The key before is the pattern: of two keys of one length, where it has a digit the key has one,
 * and where it has something else, such as the dashes of a UUID, the key has the same. So UUIDs,
 * hashes, and numbers with leading zeros take half, their order stays, and any other key is left as
 * it is.
 *
 * Place    block.c.
 * Memory   into and out of buffers of the caller.
 * Threads  pure.
 * Errors   key_rest_read: false, these bytes were not written here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

/* Appends the form of KEY behind its first SHARED bytes, which are those of BEFORE. */
void key_rest_write(struct slice before, struct slice key, size_t shared, struct buffer *into);
/* Takes a form from FROM; KEY, the one before, becomes the next. It rises: false where not. */
bool key_rest_read(struct slice *from, size_t shared, struct buffer *key) MUST_CHECK;
/* The same where nobody asks what the key is behind its first SHARED bytes: sooner, and what stands
 * there is of some key before, of the right length and with digits in the right places. So it is a
 * pattern as good as the key itself; key_rest_read makes a whole key of it again if it is SHARED
 * with no more than that. */
bool key_rest_pass(struct slice *from, size_t shared, struct buffer *key) MUST_CHECK;
