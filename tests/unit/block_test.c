// SPDX-License-Identifier: Apache-2.0
#include "lsm/block.h"

#include "../support/test.h"

/* xorshift32, by Marsaglia (2003). */
static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed % below;
}

/* One of a few kinds, so that neighbours have much in common, and all forms of rests come. */
static struct slice draw_key(uint32_t *seed, struct buffer *into)
{
    static const char signs[] = "01f-x";
    buffer_clear(into);
    switch (draw(seed, 3)) {
    case 0: buffer_format(into, "k%06x-%04x", draw(seed, 3000), draw(seed, 1 << 16)); break;
    case 1: buffer_format(into, "k%u", draw(seed, 100000)); break;
    default:
        for (uint32_t length = draw(seed, 12); length > 0; length--)
            buffer_add_byte(into, (uint8_t)signs[draw(seed, sizeof signs - 1)]);
    }
    return buffer_slice(into);
}

static int by_bytes(const void *a, const void *b)
{
    return slice_compare(buffer_slice(a), buffer_slice(b));
}

/* As many of the keys as fit, each its own value. */
static void add_keys(struct block *block, const struct buffer *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct slice const key = buffer_slice(&keys[i]);
        bool const is_new = i == 0 || !slice_equal(key, buffer_slice(&keys[i - 1]));
        if (is_new && !block_add(block, key, key)) return;
    }
}

/* From the same place: what one finds by a look at each, the other finds, and both go on alike. */
static void check_seek(struct block_reader *reader, struct block_reader *plain, struct slice key)
{
    int order, plain_order = -1;
    enum block_step step = block_seek(reader, key, &order), plain_step = BLOCK_ONE;
    while (plain_step == BLOCK_ONE && plain_order < 0) {
        plain_step = block_next(plain);
        plain_order = slice_compare(buffer_slice(&plain->key), key);
    }
    if (plain_step == BLOCK_ONE) assert_int_equal((order > 0) - (order < 0), plain_order > 0);
    for (; step == BLOCK_ONE && plain_step == BLOCK_ONE;
         step = block_next(reader), plain_step = block_next(plain)) {
        assert_true(slice_equal(buffer_slice(&reader->key), buffer_slice(&plain->key)));
        assert_true(slice_equal(reader->value, plain->value));
        assert_true(slice_equal(reader->raw, plain->raw));
    }
    assert_int_equal(step, plain_step);
    assert_int_equal(step, BLOCK_END);
}

static void a_key_is_found_as_by_a_look_at_each(void **state)
{
    (void)state;
    enum { KEYS = 100, BLOCKS = 1000, QUESTIONS = 20 };
    uint32_t seed = 1;
    size_t asked = 0;
    for (size_t turn = 0; turn < BLOCKS; turn += test_slice()) {
        struct block block = {.bytes = {0}};
        struct block_reader readers[2] = {{.started = false}};
        struct buffer keys[KEYS] = {{0}};
        AUTO_BUFFER struct buffer wanted = {0};
        for (size_t i = 0; i < KEYS; i++)
            (void)draw_key(&seed, &keys[i]);
        qsort(keys, KEYS, sizeof *keys, by_bytes);
        add_keys(&block, keys, KEYS);
        for (size_t i = 0; i < QUESTIONS; i++) {
            struct slice const key = draw_key(&seed, &wanted);
            uint32_t const passed = draw(&seed, 4); /* asked at the first entry, or later */
            for (size_t j = 0; j < COUNT_OF(readers); j++) {
                block_read(&readers[j], buffer_slice(&block.fence), block_bytes(&block));
                assert_int_equal(block_next(&readers[j]), BLOCK_ONE);
                for (uint32_t k = 0; k < passed && readers[j].rest.length > 0; k++)
                    assert_int_equal(block_next(&readers[j]), BLOCK_ONE);
            }
            if (slice_compare(buffer_slice(&readers[0].key), key) >= 0) continue;
            check_seek(&readers[0], &readers[1], key);
            asked++;
        }
        for (size_t i = 0; i < KEYS; i++)
            buffer_done(&keys[i]);
        for (size_t j = 0; j < COUNT_OF(readers); j++)
            block_reader_done(&readers[j]);
        block_done(&block);
    }
    assert_true(asked > 1000);
}

/* What was not written by block.c. */
static void a_block_that_does_not_rise_is_refused(void **state)
{
    (void)state;
    static const char *const keys[][2] = {{"b", "b"}, {"b", "a"}, {"bb", "b"}};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        struct block block = {0};
        struct block_reader reader = {0};
        assert_true(block_add(&block, slice_text(keys[i][0]), slice_text("x")));
        assert_true(block_add(&block, slice_text(keys[i][1]), slice_text("y")));
        for (unsigned seeks = 0; seeks < 2; seeks++) {
            int order;
            block_read(&reader, buffer_slice(&block.fence), block_bytes(&block));
            assert_int_equal(block_next(&reader), BLOCK_ONE);
            assert_int_equal(seeks ? block_seek(&reader, slice_text("bbb"), &order)
                                   : block_next(&reader),
                             BLOCK_DAMAGED);
        }
        block_reader_done(&reader);
        block_done(&block);
    }
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(a_key_is_found_as_by_a_look_at_each),
        cmocka_unit_test(a_block_that_does_not_rise_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
