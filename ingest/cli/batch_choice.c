// SPDX-License-Identifier: Apache-2.0
#include "cli/batch_choice.h"

#include <errno.h>

#include "common/printable.h"

enum { DECIMAL_BASE = 10 };

/* How many of the streams have a batch of that name; the batch of the last of them. */
static bool find_name(const struct snapshot *snapshot, const char *text, const char *stream,
                      struct arena *arena, size_t *ret_count, struct batch *ret_batch,
                      struct error *err)
{
    const struct schema *const schema = snapshot->schema;
    *ret_count = 0;
    for (size_t i = 0; i < schema->stream_count; i++) {
        if (stream && !slice_equal(schema->streams[i].name, slice_text(stream))) continue;
        switch (batch_log_find_name(snapshot->txn, schema->streams[i].id, slice_text(text), arena,
                                    ret_batch, err)) {
        case BATCH_LOG_FOUND: (*ret_count)++; break;
        case BATCH_LOG_MISSING: break;
        case BATCH_LOG_FAILED: return false;
        }
    }
    return true;
}

/* 0: it is none. */
static uint64_t read_number(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long const number = strtoull(text, &end, DECIMAL_BASE);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 ? number : 0;
}

static bool missing(const struct snapshot *snapshot, const char *text, struct error *err)
{
    AUTO_BUFFER struct buffer shown = {0};
    printable_write(slice_text(text), SIZE_MAX, &shown);
    (void)error_set(err, ERROR_MISSING, "there is no batch '%.*s'", (int)shown.length,
                    (const char *)shown.at);
    return error_remedy(err, "see .tallyfs/batches/; the last one is %llu",
                        (unsigned long long)snapshot->last_batch_id);
}

static bool check_stream(const struct schema *schema, const struct batch *batch, const char *stream,
                         struct error *err)
{
    const struct stream *const own = schema_stream_of(schema, batch->stream);
    if (!stream || !own || slice_equal(own->name, slice_text(stream))) return true;
    return error_set(err, ERROR_INPUT, "batch %llu is of the stream '%.*s'",
                     (unsigned long long)batch->id, (int)own->name.length,
                     (const char *)own->name.at);
}

bool batch_choose(const struct snapshot *snapshot, const char *text, const char *stream,
                  struct arena *arena, struct batch *ret_batch, struct error *err)
{
    uint64_t const number = read_number(text);
    size_t count;
    if (!find_name(snapshot, text, stream, arena, &count, ret_batch, err)) return false;
    if (count == 1) return true;
    if (count > 1) {
        (void)error_set(err, ERROR_INPUT, "batches of several streams have the name '%s'", text);
        return error_remedy(err, "give --stream, or the batch's number");
    }
    if (number == 0) return missing(snapshot, text, err);
    switch (batch_log_get(snapshot->txn, number, arena, ret_batch, err)) {
    case BATCH_LOG_FOUND: return check_stream(snapshot->schema, ret_batch, stream, err);
    case BATCH_LOG_MISSING: return missing(snapshot, text, err);
    case BATCH_LOG_FAILED: break;
    }
    return false;
}

bool batch_stream(const struct schema *schema, const struct batch *batch,
                  const struct stream **ret_stream, struct error *err)
{
    *ret_stream = schema_stream_of(schema, batch->stream);
    return *ret_stream ||
           error_set(err, ERROR_INPUT, "the schema has no longer the stream of batch %llu",
                     (unsigned long long)batch->id);
}
