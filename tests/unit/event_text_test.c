// SPDX-License-Identifier: Apache-2.0
#include "tables/event_text.h"

#include "../support/test.h"

/* Packs and reads back; how many bytes it took. */
static size_t there_and_back_with(const struct dictionary *dictionary, struct slice text)
{
    AUTO_BUFFER struct buffer packed = {0};
    AUTO_ARENA struct arena arena = {0};
    struct slice back;
    event_text_pack(text, dictionary, &packed);
    size_t const length = packed.length;
    buffer_add_text(&packed, "what follows");
    struct slice from = buffer_slice(&packed), passed = from;
    assert_int_not_equal(packed.at[0], EVENT_TEXT_NULL);
    assert_true(event_text_unpack(&from, dictionary, &arena, &back));
    if (!slice_equal(back, text))
        fail_msg("%.*s instead of %.*s", (int)back.length, (const char *)back.at, (int)text.length,
                 (const char *)text.at);
    assert_true(event_text_pass(&passed));
    assert_true(slice_is(from, "what follows"));
    assert_true(slice_is(passed, "what follows"));
    return length;
}

static size_t there_and_back(struct slice text)
{
    return there_and_back_with(NULL, text);
}

static void each_form_takes_its_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t bytes;
    } cases[] = {
        {"", 1},
        {"0", 2},
        {"7", 2},
        {"10", 1 + 1},
        {"255", 1 + 1},
        {"256", 1 + 2},
        {"4158", 1 + 2},
        {"9999999999999999999", 1 + 8},
        {"10000000000000000000", 2 + 10}, /* more digits than any number has */
        {"007", 1 + 3},
        {"0007", 2 + 2}, /* digits, as the number would lose some */
        {"-12", 1 + 3},
        {"+12", 1 + 3},
        {"1.5", 1 + 3},
        {"1e5", 1 + 3},
        {"face", 2 + 2},
        {"facet", 1 + 5},
        {"FACE", 1 + 4},
        {"00ab34f", 2 + 4},
        {"9e107d9d372bb6826bd81d3542a419d6", 2 + 16},
        {"7c9e6679-7425-40de-944b-e07fc1f90ae7", 1 + 16},
        {"7C9E6679-7425-40DE-944B-E07FC1F90AE7", 1 + 36},
        {"7c9e6679-7425-40de-944b-e07fc1f90ae", 1 + 35},
        {"7c9e6679-7425-40de-944b-e07fc1f90ae7a", 1 + 37},
        {"7c9e6679-742540de--944b-e07fc1f90ae7", 1 + 36},
        {"7c9e6679-7425-40de-944b-e07fc1f90aeg", 1 + 36},
        {"eu-central", 1 + 10},
        {"Grüße", 1 + 7},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t const bytes = there_and_back(slice_text(cases[i].text));
        if (bytes != cases[i].bytes) fail_msg("%s takes %zu bytes", cases[i].text, bytes);
    }
}

static void a_text_of_any_length_is_read_back(void **state)
{
    (void)state;
    static const char kinds[] = {'1', '0', 'a', 'x'};
    static char text[1000];
    for (size_t k = 0; k < sizeof kinds; k++) {
        memset(text, kinds[k], sizeof text);
        for (size_t length = 0; length <= sizeof text; length++)
            assert_true(there_and_back(slice_of(text, length)) <= length + 3);
    }
}

static void a_word_is_one_byte(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t bytes;
    } cases[] = {
        {"eu-central", 1},
        {"", 1},
        {"17", 1},
        {"user_", 2}, /* nothing is behind the prefix */
        {"user_4158", 1 + 1 + 2},
        {"user_x", 1 + 1 + 1},
        {"user", 1 + 4},
        {"4158", 1 + 2},
        {"eu-west", 1 + 7},
    };
    struct slice words[] = {slice_text("eu-central"), slice_text("17")};
    struct dictionary_words const wanted = {
        .prefix = slice_text("user_"), .words = words, .count = COUNT_OF(words)};
    AUTO_ARENA struct arena arena = {0};
    const struct dictionary *const dictionary = dictionary_make(&wanted, &arena);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t const bytes = there_and_back_with(dictionary, slice_text(cases[i].text));
        if (bytes != cases[i].bytes) fail_msg("%s takes %zu bytes", cases[i].text, bytes);
    }
}

/* Of a few signs, so that each form comes. */
static void any_text_is_read_back(void **state)
{
    (void)state;
    static const char signs[] = "0129af-\0";
    uint32_t random = 1;
    for (unsigned round = 0; round < 200000; round++) {
        char text[40];
        size_t length = 0;
        do {
            random = random * 1664525 + 1013904223;
            text[length++] = signs[random >> 24 & 7];
        } while (length < sizeof text && (random >> 20 & 15) != 0);
        (void)there_and_back(slice_of(text, length));
    }
}

static void other_bytes_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[4];
        size_t length;
        bool asks_dictionary; /* which there is none of: it can be passed over still */
    } cases[] = {
        {{0}, 0, false},            /* nothing */
        {{0}, 1, false},            /* null */
        {{3, 'a'}, 2, false},       /* ends early */
        {{128}, 1, false},          /* likewise */
        {{128, 3, 'a'}, 3, false},  /* likewise */
        {{130, 1}, 2, false},       /* likewise */
        {{137, 1, 2, 3}, 4, false}, /* likewise */
        {{138, 4, 0x12}, 3, false}, /* likewise */
        {{138, 0x80}, 2, false},    /* likewise */
        {{139}, 1, false},          /* likewise */
        {{139, 3, 'a'}, 3, false},  /* likewise */
        {{139, 2, 'a'}, 3, true},   /* there is no dictionary */
        {{140}, 1, true},           /* likewise */
        {{255}, 1, true},           /* likewise */
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_ARENA struct arena arena = {0};
        struct slice from = slice_of(cases[i].bytes, cases[i].length), passed = from, text;
        if (event_text_unpack(&from, NULL, &arena, &text)) fail_msg("case %zu is taken", i);
        assert_int_equal(event_text_pass(&passed), cases[i].asks_dictionary);
    }
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(each_form_takes_its_bytes),
        cmocka_unit_test(a_text_of_any_length_is_read_back),
        cmocka_unit_test(a_word_is_one_byte),
        cmocka_unit_test(any_text_is_read_back),
        cmocka_unit_test(other_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
