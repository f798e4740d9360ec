/* events.h - typed events as bytes, and the store's table of them.
 *
 * Place    ingest/bind packs records into a chunk; commit.c sorts it and puts it into the table.
 * Memory   a chunk owns its events until events_chunk_done. Values of an unpacked event
 *          borrow its bytes.
 * Threads  a chunk has one owner at a time.
 * Errors   event_unpack: false; event_corrupt makes ERROR_CORRUPT of it.
 * Limits   EVENT_BYTES_MAX of packed fields; keys of any length (beyond LMDB's limit by hash).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "kv/db.h"
#include "schema/schema.h"

enum { EVENT_BYTES_MAX = 64 << 20, EVENT_STREAM_BYTES = 2 /* in front of keys */ };

struct event {
    struct slice key;    /* in the table: stream id and packed key */
    struct slice packed; /* the fields; see format.h */
};

/* An event as event_pack leaves it: LENGTH bytes, of which the key has the first. */
static inline struct event event_of_bytes(const uint8_t *at, size_t key_length, size_t length)
{
    return (struct event){.key = slice_of(at, key_length),
                          .packed = slice_of(at + key_length, length - key_length)};
}

/* The events that one transaction will fold, in the order of arrival. */
struct events_chunk {
    const struct stream *stream;
    struct arena arena;
    struct buffer scratch;
    struct event *events;
    size_t count;
    size_t capacity;
    size_t common_length; /* bytes that all keys begin with */
    bool rises;           /* the keys, so far, equal ones side by side */
};

void events_chunk_init(struct events_chunk *chunk, const struct stream *stream);
void events_chunk_done(struct events_chunk *chunk);
void events_chunk_clear(struct events_chunk *chunk);
size_t events_chunk_bytes(const struct events_chunk *chunk); /* in use */

/* Adds the event of VALUES, one per field of the stream, to the end of INTO: first its key, whose
 * length is returned, then its batch and its fields. Not all fields of the key are null. */
size_t event_pack(const struct stream *stream, const struct value *values, uint64_t batch_id,
                  struct buffer *into);
/* Copies the event, whose fields lie behind its key. */
void events_chunk_append(struct events_chunk *chunk, const struct event *event);
/* Both, of no batch. */
void events_chunk_add(struct events_chunk *chunk, const struct value *values);

/* Has some events from number FROM on in the cache (touch.h). Returns the number behind them. */
size_t events_chunk_touch(const struct events_chunk *chunk, size_t from);

/* The numbers of the events in the order of their keys, to be freed; NULL: they are in that order,
 * or have no keys. */
uint32_t *events_chunk_order(const struct events_chunk *chunk) MUST_CHECK;
/* Puts the events in the order of their keys, those of one key in the order of arrival. */
void events_chunk_sort(struct events_chunk *chunk);

/* Whether the table's bytes for a key are an event: not empty, and no tombstone. */
bool event_is_live(struct slice packed);
/* The batch that the event, or what deleted it, came with; 0: none. */
uint64_t event_batch(struct slice packed);
/* Whether two events of one key have the same fields, whatever their batches. */
bool event_has_fields_of(struct slice packed, struct slice other);
/* What the table keeps of an event that the batch deleted; it unpacks as an event does. */
void event_pack_tombstone(const struct stream *stream, const struct value *values,
                          uint64_t batch_id, struct buffer *into);
/* The key of an event of STREAM as in the table, of the values of its key fields one by one. */
void event_key_pack(const struct stream *stream, const struct value *parts, struct buffer *key);
bool event_is_key_field(const struct stream *stream, size_t field);
/* The event's key without the stream in front: tells it from the others of the stream. */
struct slice event_own_key(const struct event *event);

/* The inverse: fills one value per field. Texts are the event's own bytes, or the arena's. false:
 * the bytes are no event of this stream. */
bool event_unpack(const struct stream *stream, const struct event *event, struct arena *arena,
                  struct value *ret_values) MUST_CHECK;

/* The same of the time alone, in its place; of a stream without one nothing. */
bool event_unpack_time(const struct stream *stream, const struct event *event,
                       struct value *ret_values) MUST_CHECK;

/* A writer of the stream's events: key and packed fields. */
struct lsm_writer;
bool events_writer_open(struct txn *txn, const struct stream *stream,
                        struct lsm_writer **ret_writer, struct error *err) MUST_CHECK;
bool event_corrupt(struct error *err); /* sets ERROR_CORRUPT; false */
