/* digest.h - what tells byte strings apart for good: the first 128 bits of their SHA-256.
 *
 * Place    batches, keys and names that have to be cut. Tables in memory are spread by hash.h,
 *          entries summed by db.c.
 * Promise  nobody can make two inputs with one digest: that would take 2^64 tries. `sha256sum`
 *          begins with the same digits.
 * Memory   a digester is the caller's until digester_end; bytes are borrowed until return.
 * Threads  pure; a digester has one owner at a time.
 * Errors   none: without memory the program ends.
 * Source   FIPS 180-4. Of the functions that nobody can forge it is the fastest here, as
 *          processors have instructions for it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

enum { DIGEST_BYTES = 16, DIGEST_HEX_BYTES = 2 * DIGEST_BYTES };

struct digest {
    uint64_t words[2]; /* the high half first, in keys and in texts too */
};

static inline bool digest_equal(const struct digest *a, const struct digest *b)
{
    return a->words[0] == b->words[0] && a->words[1] == b->words[1];
}

struct digest digest_of(struct slice bytes);
/* Appends the DIGEST_BYTES of the digest of BYTES. */
void digest_add(struct slice bytes, struct buffer *into);
/* Appends a digest as DIGEST_HEX_BYTES lower-case digits. */
void digest_write(const struct digest *digest, struct buffer *into);

/* Of an input that comes in pieces. */
struct digester;
struct digester *digester_new(void);
void digester_add(struct digester *digester, struct slice bytes);
/* The digest of all that was added; frees the digester. */
struct digest digester_end(struct digester *digester);

/* Appends a line for the library that it is computed by, with its version. */
void digest_libraries(struct buffer *text);
