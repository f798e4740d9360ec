// SPDX-License-Identifier: Apache-2.0
#include "types/dictionary.h"

#include <stdio.h>

#include "../support/test.h"

static void each_word_is_found_and_nothing_else(void **state)
{
    (void)state;
    static char texts[DICTIONARY_WORDS_MOST][8];
    static char long_text[DICTIONARY_WORD_MOST + 1];
    struct slice words[DICTIONARY_WORDS_MOST], word;
    AUTO_ARENA struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        words[i] = slice_of(texts[i], (size_t)snprintf(texts[i], sizeof texts[i], "w%zu", i));
    struct dictionary_words const given = {.words = words, .count = COUNT_OF(words)};
    const struct dictionary *const dictionary = dictionary_make(&given, &arena);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        assert_int_equal(dictionary_find(dictionary, slice_text(texts[i])), i);
        assert_true(dictionary_word(dictionary, i, &word));
        assert_true(slice_is(word, texts[i]));
    }
    static const char *const others[] = {"", "w", "w96", "w00", "W0"};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_int_equal(dictionary_find(dictionary, slice_text(others[i])), -1);
    assert_int_equal(dictionary_find(dictionary, slice_of(long_text, sizeof long_text)), -1);
    assert_false(dictionary_word(dictionary, COUNT_OF(words), &word));
    assert_int_equal(dictionary_prefix(dictionary).length, 0);
}

static void there_is_none_without_words(void **state)
{
    (void)state;
    AUTO_ARENA struct arena arena = {0};
    struct dictionary_words const nothing = {.count = 0};
    struct dictionary_words const prefix = {.prefix = slice_text("user_")};
    assert_null(dictionary_make(&nothing, &arena));
    const struct dictionary *const dictionary = dictionary_make(&prefix, &arena);
    assert_true(slice_is(dictionary_prefix(dictionary), "user_"));
    assert_int_equal(dictionary_find(dictionary, slice_text("user_")), -1);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(each_word_is_found_and_nothing_else),
        cmocka_unit_test(there_is_none_without_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
