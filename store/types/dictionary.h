/* dictionary.h - the texts that a field of a stream repeats, by number, and what its other texts
 * begin with.
 *
 * Place    catalog_ids.c makes one for each slot that has one; event_text.c asks it.
 * Promise  a number is never given to another text, so that events stay readable.
 * Memory   all of it is the arena's.
 * Threads  immutable once it is made.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"

enum { DICTIONARY_WORDS_MOST = 96, DICTIONARY_PREFIX_MOST = 64, DICTIONARY_WORD_MOST = 64 };

/* As it is stored. */
struct dictionary_words {
    struct slice prefix; /* empty: none */
    struct slice *words;
    size_t count;
};

struct dictionary;
/* A copy of WORDS; NULL where there are none, and no prefix. */
const struct dictionary *dictionary_make(const struct dictionary_words *words, struct arena *arena);
/* The number of TEXT, or -1. A search costs about the text's length, whatever the words are. */
int dictionary_find(const struct dictionary *dictionary, struct slice text);
/* Word NUMBER; false: there is none. */
bool dictionary_word(const struct dictionary *dictionary, size_t number, struct slice *ret_word);
struct slice dictionary_prefix(const struct dictionary *dictionary);
