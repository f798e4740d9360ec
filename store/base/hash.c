// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/random.h"

struct sip {
    uint64_t v[4];
};

static inline uint64_t rotated(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void sip_rounds(struct sip *sip, unsigned count)
{
    uint64_t a = sip->v[0], b = sip->v[1], c = sip->v[2], d = sip->v[3];
    for (unsigned i = 0; i < count; i++) {
        a += b;
        c += d;
        b = rotated(b, 13) ^ a;
        d = rotated(d, 16) ^ c;
        a = rotated(a, 32) + d;
        c += b;
        d = rotated(d, 21) ^ a;
        b = rotated(b, 17) ^ c;
        c = rotated(c, 32);
    }
    *sip = (struct sip){{a, b, c, d}};
}

static inline void sip_add(struct sip *sip, uint64_t word, unsigned rounds)
{
    sip->v[3] ^= word;
    sip_rounds(sip, rounds);
    sip->v[0] ^= word;
}

/* Little-endian, as the paper has it, so that a kept hash is the same on every machine. */
static inline uint64_t word_at(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline uint64_t sip_hash(const struct hash_key *key, uint64_t word, struct slice bytes,
                                unsigned rounds, unsigned last_rounds)
{
    struct sip sip = {{
        key->words[0] ^ 0x736f6d6570736575u,
        key->words[1] ^ 0x646f72616e646f6du,
        key->words[0] ^ 0x6c7967656e657261u,
        key->words[1] ^ 0x7465646279746573u,
    }};
    uint64_t last = (uint64_t)(bytes.length + sizeof word) << 56;
    size_t const rest = bytes.length % sizeof word, whole = bytes.length - rest;
    sip_add(&sip, word, rounds);
    for (size_t i = 0; i < whole; i += sizeof word)
        sip_add(&sip, word_at(bytes.at + i), rounds);
    for (size_t i = 0; i < rest; i++)
        last |= (uint64_t)bytes.at[whole + i] << (8 * i);
    sip_add(&sip, last, rounds);
    sip.v[2] ^= 0xff;
    sip_rounds(&sip, last_rounds);
    return sip.v[0] ^ sip.v[1] ^ sip.v[2] ^ sip.v[3];
}

void hash_key_draw(struct hash_key *ret_key)
{
    if (random_draw(ret_key->words, sizeof ret_key->words)) return;
    (void)fputs("tally: the system gives no random numbers\n", stderr);
    _exit(EXIT_FAILURE);
}

static struct hash_key process_key;
static pthread_once_t process_key_once = PTHREAD_ONCE_INIT;

static void draw_process_key(void)
{
    hash_key_draw(&process_key);
}

uint64_t hash_bytes(uint64_t word, struct slice bytes)
{
    (void)pthread_once(&process_key_once, draw_process_key); /* cannot fail */
    return sip_hash(&process_key, word, bytes, 1, 3);
}

uint64_t hash_bytes_with(const struct hash_key *key, uint64_t word, struct slice bytes)
{
    return sip_hash(key, word, bytes, 2, 4);
}
