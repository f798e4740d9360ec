/* top: the most frequent values, as multisets.c finds them. Packed: [length][list],
 * see struct result.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "aggregate/aggregate_form.h"

static struct result top_result(const struct aggregate *aggregate, const struct state *state,
                                struct arena *arena)
{
    (void)aggregate;
    (void)arena;
    return (struct result){.kind = RESULT_LIST, .list = state->best.value};
}

static void pack(const struct aggregate *aggregate, const struct state *state, struct buffer *into)
{
    (void)aggregate;
    pack_bytes(into, state->best.value);
}

static bool unpack(const struct aggregate *aggregate, struct slice *from, struct arena *arena,
                   struct state *state)
{
    (void)aggregate;
    (void)arena;
    return unpack_bytes(from, &state->best.value);
}

const struct aggregate_form form_top = {
    .result = top_result, .counts = true, .pack = pack, .unpack = unpack};
