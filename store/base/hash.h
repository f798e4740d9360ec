/* hash.h - hashes that nobody can aim at without their key: SipHash.
 *
 * Place    hash_table.h, and whatever else is spread by a hash of bytes that come from outside.
 * Promise  whoever chooses the bytes, but does not know the key, can neither make two of them
 *          agree more often than chance does, nor foretell what they come to. What has to tell
 *          values apart for good is a digest (digest.h).
 * Memory   nothing is kept but the key of the process.
 * Threads  all functions, from any thread.
 * Errors   none: without random bytes the program ends.
 * Source   J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF", 2012.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

struct hash_key {
    uint64_t words[2];
};

/* A new key from the kernel's random numbers. The process ends where the system gives none. */
void hash_key_draw(struct hash_key *ret_key);

/* SipHash-1-3 of WORD and BYTES with a key of the process. It is another one in each run: nothing
 * that it decides may be stored or shown, nor may any order that it gives. */
uint64_t hash_bytes(uint64_t word, struct slice bytes);
/* SipHash-2-4 of WORD and BYTES: for what is stored or shown, with a key that is kept. WORD tells
 * its uses apart. */
uint64_t hash_bytes_with(const struct hash_key *key, uint64_t word, struct slice bytes);
