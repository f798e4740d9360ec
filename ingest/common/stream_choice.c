// SPDX-License-Identifier: Apache-2.0
#include "common/stream_choice.h"

#include "common/printable.h"

static bool list_streams(const struct schema *schema, const char *fact, const char *wrong,
                         struct error *err)
{
    AUTO_BUFFER struct buffer names = {0};
    for (size_t i = 0; i < schema->stream_count; i++) {
        if (i > 0) buffer_add_text(&names, ", ");
        printable_write(schema->streams[i].name, 60, &names);
    }
    (void)error_set(err, ERROR_INPUT, wrong ? "%s '%s'" : "%s", fact, wrong);
    return error_remedy(err, "--stream takes one of: %.*s", (int)names.length,
                        (const char *)names.at);
}

bool stream_choose(const struct schema *schema, const char *name, const struct stream **ret_stream,
                   struct error *err)
{
    if (!name && schema->stream_count != 1)
        return list_streams(schema, "the store has several streams", NULL, err);
    *ret_stream = name ? schema_stream(schema, slice_text(name)) : schema->streams;
    return *ret_stream || list_streams(schema, "no stream", name, err);
}
