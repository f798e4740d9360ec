// SPDX-License-Identifier: Apache-2.0
#include "inodes.h"

#include <stdio.h>

#include "../support/test.h"

static struct slice node_of(char *text, size_t size, int number)
{
    return slice_of(text, (size_t)snprintf(text, size, "node %d", number));
}

static struct inode *add(struct inodes *inodes, int number, uint64_t version)
{
    char node[32], name[32];
    struct node_stat const stat = {.commit_id = version};
    return inodes_add(inodes, node_of(node, sizeof node, number), 1,
                      slice_of(name, (size_t)snprintf(name, sizeof name, "name%d", number)), &stat);
}

/* The first inode is the root, which is never forgotten. */
static void start(struct inodes *inodes)
{
    inodes_init(inodes);
    (void)add(inodes, -2, 1);
}

static void a_new_version_takes_the_place_of_the_old_one_which_stays_by_number(void **state)
{
    (void)state;
    struct inodes inodes;
    char text[32];
    start(&inodes);
    struct inode *const old = add(&inodes, 7, 1);
    old->lookup_count = 2;
    struct inode *const newer = add(&inodes, 7, 2);
    newer->lookup_count = 1;
    assert_true(newer->id > old->id);
    assert_ptr_equal(inodes_find_node(&inodes, node_of(text, sizeof text, 7)), newer);
    assert_ptr_equal(inodes_find(&inodes, old->id), old);
    assert_string_equal(inode_name(old), "name7");
    uint64_t const old_id = old->id;
    (void)inodes_forget(&inodes, old_id, 1);
    assert_non_null(inodes_find(&inodes, old_id));
    (void)inodes_forget(&inodes, old_id, 1);
    assert_null(inodes_find(&inodes, old_id));
    assert_ptr_equal(inodes_find_node(&inodes, node_of(text, sizeof text, 7)), newer);
    inodes_done(&inodes);
}

static void many_inodes_are_found_and_forgotten(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct inodes inodes;
    char text[32];
    start(&inodes);
    for (int i = 0; i < COUNT; i++)
        add(&inodes, i, 1)->lookup_count = 1;
    for (int i = 0; i < COUNT; i++) {
        struct inode *const inode = inodes_find_node(&inodes, node_of(text, sizeof text, i));
        assert_non_null(inode);
        assert_ptr_equal(inodes_find(&inodes, inode->id), inode);
        if (i % 2) (void)inodes_forget(&inodes, inode->id, 1);
    }
    assert_int_equal(inodes.by_id.count, COUNT / 2 + 1);
    assert_int_equal(inodes.by_node.count, COUNT / 2 + 1);
    assert_null(inodes_find_node(&inodes, node_of(text, sizeof text, 1)));
    inodes_done(&inodes);
}

static void negative_names_are_bounded_and_give_way_to_what_appears(void **state)
{
    (void)state;
    struct inodes inodes;
    char text[32];
    start(&inodes);
    for (int i = 0; i < NEGATIVES_MAX; i++)
        assert_true(
            inodes_add_negative(&inodes, node_of(text, sizeof text, i), 1, slice_text("n")));
    assert_true(inodes_add_negative(&inodes, node_of(text, sizeof text, 0), 1, slice_text("n")));
    assert_false(inodes_add_negative(&inodes, node_of(text, sizeof text, -1), 1, slice_text("n")));
    struct inode *const appeared = add(&inodes, 5, 1);
    appeared->lookup_count = 1;
    assert_int_equal(inodes.negative_count, NEGATIVES_MAX - 1);
    assert_ptr_equal(inodes_find_node(&inodes, node_of(text, sizeof text, 5)), appeared);
    assert_true(inodes_add_negative(&inodes, node_of(text, sizeof text, -1), 1, slice_text("n")));
    inodes_done(&inodes);
}

static void an_open_directory_is_not_forgotten(void **state)
{
    (void)state;
    struct inodes inodes;
    start(&inodes);
    struct inode *const directory = add(&inodes, 1, 1);
    uint64_t const id = directory->id;
    directory->lookup_count = 1;
    directory->listing = memory_alloc(sizeof *directory->listing);
    directory->listing->handle_count = 1;
    (void)inodes_forget(&inodes, id, 1);
    assert_ptr_equal(inodes_find(&inodes, id), directory);
    directory->listing->handle_count = 0;
    (void)inodes_forget(&inodes, id, 0);
    assert_null(inodes_find(&inodes, id));
    inodes_done(&inodes);
}

enum { WALKED = 5000, CHANGED_BETWEEN = 40 };

/* Which of the first inodes have been seen; the second word of a name is its number. */
static void visit_walked(void *context, struct inode *inode)
{
    int number;
    bool *const seen = context;
    if (sscanf(inode_name(inode), "name%d", &number) == 1 && number >= 0 && number < WALKED)
        seen[number] = true;
}

/* Between two portions others come, so that the tables grow, and some go. */
static void all_that_stay_are_seen_however_the_tables_change_meanwhile(void **state)
{
    (void)state;
    for (int by_id = 0; by_id < 2; by_id++) {
        struct inodes inodes;
        bool seen[WALKED] = {false};
        int added = WALKED, removed = 0;
        size_t slot = 0, portion, most = 0;
        start(&inodes);
        uint64_t const first = inodes.last_id + 1;
        for (int i = 0; i < WALKED; i++)
            add(&inodes, i, 1)->lookup_count = 1;
        do {
            portion = by_id ? inodes_scan(&inodes, &slot, 100, visit_walked, seen)
                            : inodes_each_newest(&inodes, &slot, 100, visit_walked, seen);
            if (portion > most) most = portion;
            for (int i = 0; i < CHANGED_BETWEEN; i++)
                add(&inodes, added++, 1)->lookup_count = 1;
            if (removed < WALKED / 2) (void)inodes_forget(&inodes, first + (uint64_t)removed++, 1);
        } while (portion > 0);
        assert_true(added > 2 * WALKED);
        for (int i = WALKED / 2; i < WALKED; i++)
            if (!seen[i]) fail_msg("number %d was not seen", i);
        assert_in_range(most, 100, 120);
        inodes_done(&inodes);
    }
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(a_new_version_takes_the_place_of_the_old_one_which_stays_by_number),
        cmocka_unit_test(many_inodes_are_found_and_forgotten),
        cmocka_unit_test(negative_names_are_bounded_and_give_way_to_what_appears),
        cmocka_unit_test(an_open_directory_is_not_forgotten),
        cmocka_unit_test(all_that_stay_are_seen_however_the_tables_change_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
