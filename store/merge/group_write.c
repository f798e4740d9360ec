/* What every group that is written has in common, be it of dimensions, a node or a division of one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "merge/merge_p.h"
#include "render/rows_format.h"

void merge_add_row(const struct merge *merge, struct rows_delta *rows, struct slice text, int sign)
{
    struct rows_delta row = {.count = 1};
    for (unsigned i = 0; i < ROWS_FORMATS; i++)
        row.bytes[i] =
            (int64_t)rows_content_bytes((enum rows_format)i, merge->view, merge->zone, text);
    rows_delta_add(rows, &row, sign);
}

bool group_pack_states(const struct merge *merge, const struct merge_group *group,
                       struct buffer *states, struct error *err)
{
    const struct view *const view = merge->view;
    for (size_t i = 0; i < view->aggregate_count; i++) {
        if (group->states[i].count < 0) return merge_lost_count(err);
        aggregate_pack(&view->aggregates[i], &group->states[i], states);
    }
    return true;
}

bool group_write(struct merge *merge, unsigned depth, struct slice key, struct merge_group *group,
                 struct slice states, struct slice text, struct error *err)
{
    struct group *const stored = &group->group;
    stored->event_count += (uint64_t)group->event_count;
    stored->states = states;
    stored->text = text;
    return groups_put(merge->txn, merge->view, depth, key, stored, err);
}
