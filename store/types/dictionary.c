// SPDX-License-Identifier: Apache-2.0
#include "types/dictionary.h"

#include "base/hash.h"

/* Words by hash, open addressing; twice as many slots as there may be words. Not a hash_table,
 * whose slots are on the heap: it lives in the arena of its schema. */
enum { SLOTS = 256, FREE = 0 };

struct dictionary {
    struct dictionary_words words;
    uint64_t hashes[DICTIONARY_WORDS_MOST];
    uint8_t slots[SLOTS]; /* a word's number and one more */
};

_Static_assert(SLOTS >= 2 * DICTIONARY_WORDS_MOST, "searches are short");

static size_t slot_of(const struct dictionary *dictionary, struct slice text, uint64_t hash)
{
    size_t at = hash % SLOTS;
    for (; dictionary->slots[at] != FREE; at = (at + 1) % SLOTS) {
        size_t const number = dictionary->slots[at] - 1u;
        if (dictionary->hashes[number] == hash &&
            slice_equal(dictionary->words.words[number], text))
            break;
    }
    return at;
}

const struct dictionary *dictionary_make(const struct dictionary_words *words, struct arena *arena)
{
    if (words->count == 0 && words->prefix.length == 0) return NULL;
    struct dictionary *const dictionary = ARENA_NEW(arena, struct dictionary);
    struct slice *const copies = ARENA_ARRAY(arena, struct slice, words->count);
    dictionary->words = (struct dictionary_words){
        .prefix = arena_copy(arena, words->prefix), .words = copies, .count = words->count};
    for (size_t i = 0; i < words->count; i++) {
        copies[i] = arena_copy(arena, words->words[i]);
        dictionary->hashes[i] = hash_bytes(0, copies[i]);
        dictionary->slots[slot_of(dictionary, copies[i], dictionary->hashes[i])] = (uint8_t)(i + 1);
    }
    return dictionary;
}

int dictionary_find(const struct dictionary *dictionary, struct slice text)
{
    if (text.length > DICTIONARY_WORD_MOST) return -1;
    return dictionary->slots[slot_of(dictionary, text, hash_bytes(0, text))] - 1;
}

bool dictionary_word(const struct dictionary *dictionary, size_t number, struct slice *ret_word)
{
    if (number >= dictionary->words.count) return false;
    *ret_word = dictionary->words.words[number];
    return true;
}

struct slice dictionary_prefix(const struct dictionary *dictionary)
{
    return dictionary->words.prefix;
}
