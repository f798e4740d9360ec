// SPDX-License-Identifier: Apache-2.0
#include "cli/where_option.h"

bool where_option_read(const char *text, const struct stream *stream, const struct schema *schema,
                       struct arena *arena, const struct expr **ret_where, struct error *err)
{
    if (!expr_parse(slice_text(text), stream, schema->zone, arena, ret_where, err))
        return error_place(err, "--where");
    if (expr_type(*ret_where).kind == VALUE_BOOL) return true;
    (void)error_set(err, ERROR_INPUT, "a condition is true or false, this is neither");
    return error_place(err, "--where");
}
