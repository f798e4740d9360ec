// SPDX-License-Identifier: Apache-2.0
#include "kv/lmdb_pages.h"

#include <fcntl.h>

#include "../support/test.h"

enum { PAGE = 4096, NUMBER = 7, LAST = 100 };

/* A page with two nodes, "a" of 3 bytes and "b" whose 5000 bytes begin at page 20. */
static void make_leaf(uint8_t page[PAGE])
{
    static uint8_t const nodes[] = {3, 0, 0,    0,    0, 0, 1, 0, 'a', 'x', 'y', 'z', /* and */
                                    0, 0, 0x88, 0x13, 0, 0, 0, 0, 0,   0,   0,   0,   0, 0};
    uint16_t const head[] = {0, 2, 20, PAGE - 30, PAGE - 12, PAGE - 30};
    uint64_t const number = NUMBER;
    uint16_t const big[] = {5000, 0, 1, 1};
    uint64_t const child = 20;
    memset(page, 0, PAGE);
    memcpy(page, &number, sizeof number);
    memcpy(page + 8, head, sizeof head);
    memcpy(page + PAGE - 12, nodes, 12);
    memcpy(page + PAGE - 30, big, sizeof big);
    page[PAGE - 22] = 'b';
    memcpy(page + PAGE - 21, &child, sizeof child);
}

static struct lmdb_meta const meta = {.page_bytes = PAGE, .last_page = LAST};

static const char *wrong(const uint8_t page[PAGE])
{
    /* Where nothing lies behind it, a sanitizer sees each byte that is read too far. */
    struct lmdb_page found;
    uint8_t *const exact = malloc(PAGE);
    assert_non_null(exact);
    memcpy(exact, page, PAGE);
    const char *const answer = lmdb_page_wrong(exact, NUMBER, LMDB_TABLE, &meta, &found);
    free(exact);
    return answer;
}

static void a_sound_page_is_read(void **state)
{
    (void)state;
    uint8_t page[PAGE];
    struct lmdb_page found;
    make_leaf(page);
    assert_null(lmdb_page_wrong(page, NUMBER, LMDB_TABLE, &meta, &found));
    assert_true(found.leaf);
    assert_int_equal(found.count, 2);
    struct lmdb_node const first = lmdb_node_read(&found, 0), second = lmdb_node_read(&found, 1);
    assert_true(slice_is(first.key, "a") && slice_is(first.value, "xyz"));
    assert_int_equal(first.child, 0);
    assert_true(slice_is(second.key, "b"));
    assert_int_equal(second.child, 20);
    assert_int_equal(second.children, 2);
    assert_int_equal(second.value.length, 5000);
}

static void what_a_page_cannot_be_is_told(void **state)
{
    (void)state;
    static const struct {
        unsigned at;
        uint16_t number;
        const char *said;
    } cases[] = {
        {0, 8, "another number"},       {10, 4, "another kind"},
        {10, 0x22, "another kind"},     {12, 14, "free space"},
        {12, 21, "free space"},         {12, PAGE, "free space"},
        {14, PAGE + 1, "free space"},   {14, PAGE + 2, "free space"},
        {14, PAGE - 28, "node"},        {12, 16, "too few"},
        {12, 22, "number of nodes"},    {16, PAGE - 10, "no node"},
        {18, PAGE - 12, "no node"},     {18, 20, "no node"},
        {18, 0xfffe, "no node"},        {PAGE - 12, 5, "behind it"},
        {PAGE - 6, 600, "behind it"},   {PAGE - 24, 0, "node"},
        {PAGE - 26, 2, "node"},         {PAGE - 21, 1, "not there"},
        {PAGE - 21, LAST, "not there"}, {PAGE - 28, 0xffff, "not there"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint8_t page[PAGE];
        make_leaf(page);
        memcpy(page + cases[i].at, &cases[i].number, sizeof cases[i].number);
        const char *const said = wrong(page);
        if (!said || !strstr(said, cases[i].said))
            fail_msg("case %zu: %s", i, said ? said : "nothing");
    }
}

/* Any two bytes of head, offsets and nodes. */
static void no_page_is_read_beyond_its_end(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (unsigned i = 0; i < 200000; i++) {
        uint8_t page[PAGE];
        make_leaf(page);
        for (unsigned j = 0; j < 2; j++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            unsigned const random = (unsigned)(seed >> 33), at = random % 50;
            page[at < 20 ? at : PAGE - 50 + at] = (uint8_t)(random >> 8);
        }
        (void)!wrong(page);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_page_is_read),
        cmocka_unit_test(what_a_page_cannot_be_is_told),
        cmocka_unit_test(no_page_is_read_beyond_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
