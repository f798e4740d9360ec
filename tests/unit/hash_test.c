// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include "../support/test.h"

/* The key 00 01 .. 0f and the messages 00 01 .. of the paper's appendix A and its reference
 * implementation. */
static void kept_hashes_are_those_of_the_paper(void **state)
{
    (void)state;
    static const struct {
        size_t length;
        uint64_t hash;
    } cases[] = {
        {8, 0x93f5f5799a932462u},
        {15, 0xa129ca6149be45e5u},
        {16, 0x3f2acc7f57c29bdbu},
        {63, 0x958a324ceb064572u},
    };
    struct hash_key const key = {{0x0706050403020100u, 0x0f0e0d0c0b0a0908u}};
    uint8_t message[64];
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)i;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct slice const rest = slice_of(message + 8, cases[i].length - 8);
        assert_true(hash_bytes_with(&key, key.words[0], rest) == cases[i].hash);
    }
}

static void keys_are_not_drawn_twice(void **state)
{
    (void)state;
    struct hash_key first, second;
    struct slice const text = slice_text("text");
    hash_key_draw(&first);
    hash_key_draw(&second);
    assert_true(hash_bytes_with(&first, 0, text) != hash_bytes_with(&second, 0, text));
    assert_true(hash_bytes(0, text) == hash_bytes(0, text));
    assert_true(hash_bytes(0, text) != hash_bytes(1, text));
    assert_true(hash_bytes(0, text) != hash_bytes_with(&first, 0, text));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_hashes_are_those_of_the_paper),
        cmocka_unit_test(keys_are_not_drawn_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
