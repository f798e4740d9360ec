/* filter.h - a Bloom filter of the keys in one stretch of a run: whether a key may be there.
 *
 * It is one page, which is filled key by key. A key sets one bit in each of the eight words of one
 * of its blocks of 32 bytes, so that asking touches one line of the cache. With sixteen bits a key,
 * one in a thousand of the keys that are not there looks as if it were, which costs looking.
 *
 * Place    filter_writer.c fills them, run_probe.c asks them.
 * Promise  no false "no".
 * Memory   none of its own: a filter is bytes in a buffer, or in the store.
 * Threads  pure.
 * Errors   filter_is_whole tells whether stored bytes are a filter.
 * Source   F. Putze, P. Sanders, J. Singler, "Cache-, Hash- and Space-Efficient Bloom Filters",
 *          2007; the form with eight words a block is that of Apache Parquet.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

#ifdef TINY_RUNS
enum { FILTER_BLOCKS = 1, FILTER_KEYS_MAX = 5 };
#else
enum { FILTER_BLOCKS = 127, FILTER_KEYS_MAX = 16 * FILTER_BLOCKS }; /* a page */
#endif

/* With a seed that is the tree's own and secret, so that nobody can choose keys that all look as if
 * they were there. */
uint64_t filter_hash(uint64_t seed, struct slice key);

void filter_begin(struct buffer *filter);
bool filter_is_full(const struct buffer *filter);
void filter_add(struct buffer *filter, uint64_t hash);
bool filter_is_whole(struct slice filter);
bool filter_may_have(struct slice filter, uint64_t hash); /* of a whole one */
