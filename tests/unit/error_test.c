// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <errno.h>

#include "../support/test.h"
#include "base/bytes.h"

/* The kind tells what the caller may do about it. */
static void a_number_of_the_system_has_a_kind(void **state)
{
    (void)state;
    static const struct {
        int sys;
        enum error_kind kind;
    } cases[] = {
        {ENOENT, ERROR_MISSING}, {ENOTDIR, ERROR_MISSING}, {EACCES, ERROR_DENIED},
        {EPERM, ERROR_DENIED},   {EROFS, ERROR_DENIED},    {ENOSPC, ERROR_FULL},
        {EDQUOT, ERROR_FULL},    {EFBIG, ERROR_FULL},      {ENOMEM, ERROR_MEMORY},
        {EAGAIN, ERROR_BUSY},    {EBUSY, ERROR_BUSY},      {EIO, ERROR_SYSTEM},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct error err = {.place = "of another error", .remedy = "of another error"};
        assert_false(error_system(&err, cases[i].sys, "%s/data.mdb", "store"));
        assert_int_equal(err.kind, cases[i].kind);
        assert_non_null(strstr(err.fact, "store/data.mdb"));
        assert_non_null(strstr(err.fact, strerror(cases[i].sys)));
        assert_string_equal(err.place, "");
        assert_null(strstr(err.remedy, "of another error"));
        assert_int_equal(err.remedy[0] != 0, cases[i].kind == ERROR_FULL);
    }
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(a_number_of_the_system_has_a_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
