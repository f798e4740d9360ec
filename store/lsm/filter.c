// SPDX-License-Identifier: Apache-2.0
#include "lsm/filter.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "kv/db.h"

/* In front of the blocks stands how many keys there are. */
enum { COUNT_BYTES = 2, BLOCK_WORDS = 8, BLOCK_BYTES = 4 * BLOCK_WORDS };
enum { FILTER_BYTES = COUNT_BYTES + FILTER_BLOCKS * BLOCK_BYTES };
_Static_assert((size_t)FILTER_BYTES <= DB_PAGE_VALUE_BYTES, "a filter is one page");

/* Odd numbers that spread the hash's lower half, one a word: those of Apache Parquet. */
static const uint32_t salts[BLOCK_WORDS] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                            0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};

uint64_t filter_hash(uint64_t seed, struct slice key)
{
    return XXH3_64bits_withSeed(key.at, key.length, seed);
}

void filter_begin(struct buffer *filter)
{
    buffer_clear(filter);
    buffer_reserve(filter, FILTER_BYTES);
    memset(filter->at, 0, FILTER_BYTES);
    filter->length = FILTER_BYTES;
}

static size_t key_count(const uint8_t *filter)
{
    return (size_t)filter[0] | (size_t)filter[1] << 8;
}

bool filter_is_full(const struct buffer *filter)
{
    return key_count(filter->at) >= FILTER_KEYS_MAX;
}

static size_t block_at(uint64_t hash)
{
    return COUNT_BYTES + (size_t)((hash >> 32) * FILTER_BLOCKS >> 32) * BLOCK_BYTES;
}

/* Of the word, which is little-endian: the byte of its bit, and the bit in there. */
static unsigned bit_of(uint64_t hash, unsigned word)
{
    return (uint32_t)((uint32_t)hash * salts[word]) >> 27;
}

void filter_add(struct buffer *filter, uint64_t hash)
{
    uint8_t *const block = filter->at + block_at(hash);
    size_t const count = key_count(filter->at) + 1;
    for (unsigned word = 0; word < BLOCK_WORDS; word++) {
        unsigned const bit = bit_of(hash, word);
        block[4 * word + bit / 8] |= (uint8_t)(1U << bit % 8);
    }
    filter->at[0] = (uint8_t)count;
    filter->at[1] = (uint8_t)(count >> 8);
}

bool filter_is_whole(struct slice filter)
{
    return filter.length == FILTER_BYTES && key_count(filter.at) <= FILTER_KEYS_MAX;
}

bool filter_may_have(struct slice filter, uint64_t hash)
{
    const uint8_t *const block = filter.at + block_at(hash);
    for (unsigned word = 0; word < BLOCK_WORDS; word++) {
        unsigned const bit = bit_of(hash, word);
        if (!(block[4 * word + bit / 8] >> bit % 8 & 1)) return false;
    }
    return true;
}
