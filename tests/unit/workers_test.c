// SPDX-License-Identifier: Apache-2.0
#include "base/workers.h"

#include <stdatomic.h>
#include <string.h>

#include "../support/test.h"

enum { PARTS = 100, JOBS = 200 };

static void count(void *context, size_t part)
{
    atomic_uint *const counts = context;
    atomic_fetch_add(&counts[part], 1);
}

static void each_part_is_done_once(void **state)
{
    (void)state;
    for (size_t threads = 0; threads < 9; threads += threads < 3 ? 1 : 5) {
        atomic_uint counts[PARTS] = {0};
        struct workers workers;
        workers_init(&workers);
        workers_start(&workers, threads);
        for (unsigned job = 1; job <= JOBS; job++) {
            size_t const parts = job % 3 == 0 ? PARTS : job % 3;
            workers_begin(&workers, parts, parts, count, counts);
            workers_wait(&workers);
        }
        workers_wait(&workers); /* none is under way */
        workers_stop(&workers);
        for (size_t i = 0; i < PARTS; i++) {
            unsigned const expected = i == 0 ? JOBS : i == 1 ? JOBS / 3 * 2 : JOBS / 3;
            assert_true(counts[i] >= expected && counts[i] <= expected + 2);
        }
    }
}

static void write_place(void *context, size_t part)
{
    size_t *const places = context;
    places[part] = part + 1;
}

/* No atomics: what the parts wrote is seen behind workers_wait (the thread sanitizer looks). */
static void what_parts_did_is_seen(void **state)
{
    (void)state;
    struct workers workers;
    size_t places[PARTS];
    workers_init(&workers);
    workers_start(&workers, 3);
    for (unsigned job = 0; job < JOBS; job++) {
        memset(places, 0, sizeof places);
        workers_begin(&workers, PARTS, PARTS, write_place, places);
        workers_wait(&workers);
        for (size_t i = 0; i < PARTS; i++)
            assert_int_equal(places[i], i + 1);
    }
    workers_stop(&workers);
}

enum { FIRST = 40 };

static void write_place_or_sum(void *context, size_t part)
{
    size_t *const places = context;
    places[part] = part + 1;
    if (part < FIRST) return;
    places[part] = 0;
    for (size_t i = 0; i < FIRST; i++)
        places[part] += places[i];
}

static void what_the_first_parts_did_is_seen_by_the_others(void **state)
{
    (void)state;
    for (size_t threads = 0; threads < 5; threads++) {
        struct workers workers;
        size_t places[PARTS];
        workers_init(&workers);
        workers_start(&workers, threads);
        for (unsigned job = 0; job < JOBS; job++) {
            memset(places, 0, sizeof places);
            workers_begin(&workers, FIRST, PARTS, write_place_or_sum, places);
            workers_wait(&workers);
            for (size_t i = FIRST; i < PARTS; i++)
                assert_int_equal(places[i], FIRST * (FIRST + 1) / 2);
        }
        workers_stop(&workers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_part_is_done_once),
        cmocka_unit_test(what_parts_did_is_seen),
        cmocka_unit_test(what_the_first_parts_did_is_seen_by_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
