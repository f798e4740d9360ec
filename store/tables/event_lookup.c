// SPDX-License-Identifier: Apache-2.0
#include "tables/event_lookup.h"

#include "base/arena.h"
#include "lsm/lsm_reader.h"
#include "tables/events.h"

struct event_lookup_stream {
    uint8_t prefix[EVENT_STREAM_BYTES];
    struct lsm_reader *reader;
};

void event_lookup_done(struct event_lookup *lookup)
{
    for (size_t i = 0; i < lookup->count; i++)
        lsm_reader_close(lookup->streams[i].reader);
    free(lookup->streams);
    *lookup = (struct event_lookup){0};
}

static struct event_lookup_stream *find_stream(struct event_lookup *lookup, struct slice key)
{
    for (size_t i = 0; i < lookup->count; i++) {
        if (memcmp(lookup->streams[i].prefix, key.at, EVENT_STREAM_BYTES) == 0)
            return &lookup->streams[i];
    }
    lookup->streams = memory_resize(lookup->streams, (lookup->count + 1) * sizeof *lookup->streams);
    struct event_lookup_stream *const stream = &lookup->streams[lookup->count++];
    *stream = (struct event_lookup_stream){.reader = NULL};
    memcpy(stream->prefix, key.at, EVENT_STREAM_BYTES);
    return stream;
}

enum db_finding event_lookup_find(struct event_lookup *lookup, struct slice key,
                                  struct slice *ret_packed, struct error *err)
{
    struct event_lookup_stream *const stream = find_stream(lookup, key);
    if (!stream->reader &&
        !lsm_reader_open(lookup->txn, TABLE_EVENTS, slice_of(stream->prefix, EVENT_STREAM_BYTES),
                         &stream->reader, err))
        return DB_FAILED;
    return lsm_reader_find(stream->reader, key, ret_packed, err);
}
