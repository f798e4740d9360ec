/* count, uniq: the count alone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "aggregate/aggregate_form.h"

static struct result count_result(const struct aggregate *aggregate, const struct state *state,
                                  struct arena *arena)
{
    (void)aggregate;
    (void)arena;
    return result_count((uint64_t)state->count);
}

const struct aggregate_form form_count = {.result = count_result, .counts = true};
