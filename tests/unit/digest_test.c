// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include "../support/test.h"

/* As `printf abc | sha256sum` begins (FIPS 180-4's example). */
static void a_digest_is_the_beginning_of_sha_256(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer text = {0}, bytes = {0};
    struct digest const digest = digest_of(slice_text("abc"));
    digest_write(&digest, &text);
    assert_true(slice_is(buffer_slice(&text), "ba7816bf8f01cfea414140de5dae2223"));
    digest_add(slice_text("abc"), &bytes);
    assert_int_equal(bytes.length, DIGEST_BYTES);
    assert_memory_equal(bytes.at, "\xba\x78\x16\xbf", 4);
}

static void pieces_have_the_digest_of_the_whole(void **state)
{
    (void)state;
    struct digester *const digester = digester_new();
    digester_add(digester, slice_text("a"));
    digester_add(digester, slice_text(""));
    digester_add(digester, slice_text("bc"));
    struct digest const pieces = digester_end(digester), whole = digest_of(slice_text("abc")),
                        other = digest_of(slice_text("abd"));
    assert_true(digest_equal(&pieces, &whole));
    assert_false(digest_equal(&pieces, &other));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_digest_is_the_beginning_of_sha_256),
        cmocka_unit_test(pieces_have_the_digest_of_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
