// SPDX-License-Identifier: Apache-2.0
#include "tables/view_history.h"

#include "tables/meta.h"

const struct view *view_bottom(const struct view *view)
{
    while (view->source)
        view = view->source;
    return view;
}

bool view_dropped(const struct txn *txn, const struct view *view, struct view_dropped *ret_dropped,
                  struct error *err)
{
    struct view_dropped dropped = {.count = 0};
    view = view_bottom(view);
    for (size_t i = 0; i < view->input_count; i++) {
        struct meta_stream meta;
        if (!meta_stream_load(txn, view->inputs[i].stream->id, &meta, err)) return false;
        dropped.count += meta.dropped_count;
        if (value_compare(&dropped.before, &meta.dropped_before) < 0)
            dropped.before = meta.dropped_before;
    }
    *ret_dropped = dropped;
    return true;
}

bool view_check_history(const struct txn *txn, const struct view *view, struct error *err)
{
    const struct view *const shown = view->owner ? view->owner : view;
    struct view_dropped dropped;
    if (!view_dropped(txn, view, &dropped, err)) return false;
    if (dropped.count == 0) return true;
    (void)error_set(
        err, ERROR_SCHEMA,
        "the view has counted events that \"keep\" has dropped: it cannot be made again");
    (void)error_remedy(err, "leave it as it is, or lose them with --allow-loss");
    return error_place(err, "views.%.*s", (int)shown->name.length, (const char *)shown->name.at);
}
