// SPDX-License-Identifier: Apache-2.0
#include "write/upsert.h"

void upsert_init(struct upsert *upsert, const struct stream *stream, const struct time_zone *zone)
{
    *upsert = (struct upsert){
        .stream = stream,
        .zone = zone,
        .record = memory_alloc(stream_value_count(stream) * sizeof *upsert->record),
        .existing = memory_alloc(stream_value_count(stream) * sizeof *upsert->existing),
    };
}

void upsert_done(struct upsert *upsert)
{
    arena_done(&upsert->arena);
    arena_done(&upsert->texts);
    free(upsert->record);
    free(upsert->existing);
    *upsert = (struct upsert){0};
}

/* FIELDS without all but the key, the version and the time. */
static struct slice bury(struct upsert *upsert, struct value *fields, uint64_t batch_id)
{
    const struct stream *const stream = upsert->stream;
    AUTO_BUFFER struct buffer packed = {0};
    if (stream->on_duplicate != DUPLICATE_NEWEST) return (struct slice){0};
    for (size_t i = 0; i < stream->field_count; i++) {
        if ((int)i != stream->version_field && (int)i != stream->time_field &&
            !event_is_key_field(stream, i))
            fields[i].kind = VALUE_NULL;
    }
    event_pack_tombstone(stream, fields, batch_id, &packed);
    return arena_copy(&upsert->arena, buffer_slice(&packed));
}

bool upsert_tombstone(struct upsert *upsert, const struct event *event, uint64_t batch_id,
                      struct slice *ret_packed)
{
    arena_reset(&upsert->texts);
    if (!event_unpack(upsert->stream, event, &upsert->texts, upsert->record)) return false;
    *ret_packed = bury(upsert, upsert->record, batch_id);
    return true;
}

/* The order of the record's version against what is known; 1 where nothing is. */
static bool compare_versions(struct upsert *upsert, const struct event *record, struct slice now,
                             int *ret_order)
{
    int const field = upsert->stream->version_field;
    struct event const existing = {.key = record->key, .packed = now};
    *ret_order = 1;
    if (now.length == 0) return true;
    if (!event_unpack(upsert->stream, &existing, &upsert->texts, upsert->existing)) return false;
    *ret_order = value_compare(&upsert->record[field], &upsert->existing[field]);
    return true;
}

static void apply_delete(struct upsert *upsert, const struct event *record, struct slice *now,
                         struct upsert_counts *counts)
{
    if (event_is_live(*now))
        counts->deleted_count++;
    else
        counts->duplicate_count++;
    *now = bury(upsert, upsert->record, event_batch(record->packed));
}

/* So that it does not matter whether an event was replaced within its chunk or later. */
static void upsert_visit_time(struct upsert *upsert)
{
    int const field = upsert->stream->time_field;
    if (field < 0 || upsert->record[field].kind == VALUE_NULL) return;
    if (value_compare(&upsert->newest, &upsert->record[field]) < 0)
        upsert->newest = upsert->record[field];
}

/* Whether the record is what is known. If that was stored before the stream had dictionaries, or a
 * field its type, its bytes are others: it is packed as it would be today. */
static bool is_same(struct upsert *upsert, const struct event *record, struct slice now,
                    bool *ret_is_same)
{
    const struct stream *const stream = upsert->stream;
    struct event const existing = {.key = record->key, .packed = now};
    AUTO_BUFFER struct buffer again = {0};
    *ret_is_same = event_has_fields_of(now, record->packed);
    if (*ret_is_same || !(stream->has_dictionaries || stream->has_former_slots)) return true;
    if (!event_unpack(stream, &existing, &upsert->texts, upsert->existing)) return false;
    size_t const key_length = event_pack(stream, upsert->existing, 0, &again);
    *ret_is_same = event_has_fields_of(event_of_bytes(again.at, key_length, again.length).packed,
                                       record->packed);
    return true;
}

static bool apply_event(struct upsert *upsert, const struct event *record, struct slice *now,
                        struct upsert_counts *counts)
{
    bool const live = event_is_live(*now);
    bool repeats = live && upsert->stream->on_duplicate == DUPLICATE_IGNORE;
    if (live && !repeats && !is_same(upsert, record, *now, &repeats)) return false;
    if (repeats) {
        counts->duplicate_count++;
        return true;
    }
    if (live)
        counts->replaced_count++;
    else
        counts->new_count++;
    *now = record->packed;
    upsert_visit_time(upsert);
    return true;
}

/* The fields of the record that are looked at here: all, or the time alone. */
static bool unpack_record(struct upsert *upsert, const struct event *record)
{
    const struct stream *const stream = upsert->stream;
    if (stream->delete_when || stream->on_duplicate == DUPLICATE_NEWEST)
        return event_unpack(stream, record, &upsert->texts, upsert->record);
    return event_unpack_time(stream, record, upsert->record);
}

bool upsert_apply(struct upsert *upsert, const struct event *record, struct slice *now,
                  struct upsert_counts *counts)
{
    const struct stream *const stream = upsert->stream;
    bool const versioned = stream->on_duplicate == DUPLICATE_NEWEST;
    arena_reset(&upsert->texts);
    if (!unpack_record(upsert, record)) return false;
    bool const deletes =
        stream->delete_when && expr_holds(stream->delete_when, upsert->record, upsert->zone);
    if (versioned) {
        int order;
        if (!compare_versions(upsert, record, *now, &order)) return false;
        if (order < 0) counts->stale_count++;
        if (order == 0) counts->duplicate_count++;
        if (order <= 0) return true;
    }
    if (!deletes) return apply_event(upsert, record, now, counts);
    apply_delete(upsert, record, now, counts);
    return true;
}
