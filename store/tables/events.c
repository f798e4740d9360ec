/* An event's fields are packed in the order of their slots (drawn in format.h), the fields of its
 * key in the key alone: a key of one string is worth its bytes only once. Where the key cannot give
 * its values back, as one of them was cut or holds a NUL that would have to be unescaped, they
 * stand inside too.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tables/events.h"

#include <endian.h>
#include <math.h>

#include "base/radix_sort.h"
#include "base/touch.h"
#include "kv/db.h"
#include "lsm/lsm_writer.h"
#include "schema/field_widening.h"
#include "tables/event_text.h"
#include "tables/format.h"
#include "types/instant.h"
#include "types/pack.h"

enum { TIME_HAS_NS = 0x80 };

void events_chunk_init(struct events_chunk *chunk, const struct stream *stream)
{
    *chunk = (struct events_chunk){.stream = stream};
}

void events_chunk_done(struct events_chunk *chunk)
{
    arena_done(&chunk->arena);
    buffer_done(&chunk->scratch);
    free(chunk->events);
    *chunk = (struct events_chunk){0};
}

void events_chunk_clear(struct events_chunk *chunk)
{
    arena_reset(&chunk->arena);
    chunk->count = 0;
}

size_t events_chunk_bytes(const struct events_chunk *chunk)
{
    return chunk->arena.used_bytes + chunk->count * sizeof *chunk->events;
}

/* Little-endian two's complement of least width behind a head of width + 1; zero takes no bytes. */
static void pack_integer(struct buffer *into, int128 number, uint8_t mark)
{
    uint8_t bytes[1 + 16];
    size_t width = 0;
    for (int128 rest = number; number != 0 && width < 16; rest >>= 8) {
        bytes[++width] = (uint8_t)rest;
        bool const negative = bytes[width] & 0x80;
        if (rest >> 8 == (negative ? -1 : 0)) break; /* what follows only repeats the sign */
    }
    bytes[0] = (uint8_t)((width + 1) | mark);
    buffer_add(into, bytes, width + 1);
}

static bool unpack_integer(struct slice *from, size_t width, int128 *ret_number)
{
    if (width > 16 || from->length < width) return false;
    if (width <= 8 &&
        from->length >= 8) { /* nearly all: in one go, with what is behind it shifted out */
        uint64_t bits;
        memcpy(&bits, from->at, sizeof bits);
        unsigned const behind = (unsigned)(8 - width) * 8;
        *ret_number = width ? (int64_t)(le64toh(bits) << behind) >> behind : 0;
        *from = slice_of(from->at + width, from->length - width);
        return true;
    }
    uint128 number = width && (from->at[width - 1] & 0x80) ? ~(uint128)0 : 0;
    for (size_t i = width; i > 0; i--)
        number = number << 8 | from->at[i - 1];
    *from = slice_of(from->at + width, from->length - width);
    *ret_number = (int128)number;
    return true;
}

static void events_pack_time(struct buffer *into, int128 time_ns)
{
    int64_t ns;
    int64_t const seconds = instant_seconds(time_ns, &ns);
    pack_integer(into, seconds, ns ? TIME_HAS_NS : 0);
    if (ns) pack_varint(into, (uint64_t)ns);
}

static void pack_decimal(struct buffer *into, const struct decimal *number)
{
    size_t const start = into->length;
    pack_integer(into, number->coefficient, 0);
    buffer_add_byte(into, 0); /* the scale goes behind the width: make room */
    memmove(into->at + start + 2, into->at + start + 1, into->length - start - 2);
    into->at[start + 1] = (uint8_t)number->scale;
}

static void pack_field(struct buffer *into, const struct slot *slot, const struct value *value)
{
    if (value->kind == VALUE_NULL) {
        buffer_add_byte(into, 0);
        return;
    }
    switch (slot->type) {
    case FIELD_STRING: event_text_pack(value->string, slot->dictionary, into); break;
    case FIELD_BOOL: buffer_add_byte(into, value->boolean ? 2 : 1); break;
    case FIELD_INT: pack_integer(into, value->number.coefficient, 0); break;
    case FIELD_DECIMAL: pack_decimal(into, &value->number); break;
    case FIELD_TIME: events_pack_time(into, value->time_ns); break;
    case FIELD_FLOAT:
        buffer_add_byte(into, 1);
        buffer_add(into, &value->real, sizeof value->real);
        break;
    }
}

static bool events_unpack_number(struct slice *from, uint8_t head, bool has_scale,
                                 struct value *ret_value)
{
    uint8_t scale = 0;
    if (has_scale && (!unpack_byte(from, &scale) || scale > DECIMAL_DIGITS)) return false;
    ret_value->kind = VALUE_NUMBER;
    ret_value->number.scale = scale;
    return unpack_integer(from, head - 1u, &ret_value->number.coefficient);
}

static bool events_unpack_time(struct slice *from, uint8_t head, struct value *ret_value)
{
    int128 seconds;
    uint64_t ns = 0;
    size_t const width = (head & ~(unsigned)TIME_HAS_NS) - 1u;
    if (width > sizeof(int64_t) || !unpack_integer(from, width, &seconds)) return false;
    if ((head & TIME_HAS_NS) && !unpack_varint(from, &ns)) return false;
    ret_value->kind = VALUE_TIME;
    ret_value->time_ns = seconds * NS_PER_SECOND + (int128)ns;
    return ns < NS_PER_SECOND;
}

static bool events_unpack_float(struct slice *from, struct value *ret_value)
{
    if (from->length < sizeof ret_value->real) return false;
    memcpy(&ret_value->real, from->at, sizeof ret_value->real);
    *from = slice_of(from->at + sizeof ret_value->real, from->length - sizeof ret_value->real);
    ret_value->kind = VALUE_FLOAT;
    return isfinite(ret_value->real);
}

static bool unpack_field(struct slice *from, const struct slot *slot, struct arena *arena,
                         struct value *ret_value)
{
    ret_value->kind = VALUE_NULL;
    if (from->length == 0) return true; /* the field was declared later */
    uint8_t const head = from->at[0];
    if (slot->type == FIELD_STRING && head != EVENT_TEXT_NULL) {
        ret_value->kind = VALUE_STRING;
        return event_text_unpack(from, slot->dictionary, arena, &ret_value->string);
    }
    *from = slice_of(from->at + 1, from->length - 1);
    if (head == 0) return true;
    switch (slot->type) {
    case FIELD_STRING: break;
    case FIELD_BOOL:
        ret_value->kind = VALUE_BOOL;
        ret_value->boolean = head == 2;
        return head <= 2;
    case FIELD_INT: return events_unpack_number(from, head, false, ret_value);
    case FIELD_DECIMAL: return events_unpack_number(from, head, true, ret_value);
    case FIELD_TIME: return events_unpack_time(from, head, ret_value);
    case FIELD_FLOAT: return head == 1 && events_unpack_float(from, ret_value);
    }
    return false;
}

/* The same where nobody asks for the value. */
static bool pass_field(struct slice *from, const struct slot *slot)
{
    struct value ignored;
    bool const is_text =
        slot->type == FIELD_STRING && from->length > 0 && from->at[0] != EVENT_TEXT_NULL;
    return is_text ? event_text_pass(from) : unpack_field(from, slot, NULL, &ignored);
}

bool events_writer_open(struct txn *txn, const struct stream *stream,
                        struct lsm_writer **ret_writer, struct error *err)
{
    STACK_BUFFER(prefix, EVENT_STREAM_BYTES);
    pack_u16(&prefix, stream->id);
    return lsm_writer_open(txn, TABLE_EVENTS, buffer_slice(&prefix), ret_writer, err);
}

bool event_corrupt(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "an event cannot be read");
    return db_blame(TABLE_EVENTS, err);
}

bool event_is_live(struct slice packed)
{
    return packed.length > 0 && !(packed.at[0] & EVENT_DELETED);
}

uint64_t event_batch(struct slice packed)
{
    uint64_t head;
    return unpack_varint(&packed, &head) ? head >> EVENT_FLAG_BITS : 0;
}

static struct slice without_head(struct slice packed)
{
    uint64_t head;
    return unpack_varint(&packed, &head) ? packed : (struct slice){0};
}

/* Fields that were declared later are null in the one, and not there in the other. */
static bool is_longer_by_nulls(struct slice fields, struct slice shorter)
{
    if (!slice_starts(fields, shorter)) return false;
    for (size_t i = shorter.length; i < fields.length; i++) {
        if (fields.at[i] != 0) return false;
    }
    return true;
}

bool event_has_fields_of(struct slice packed, struct slice other)
{
    struct slice const fields = without_head(packed), others = without_head(other);
    return fields.length < others.length ? is_longer_by_nulls(others, fields)
                                         : is_longer_by_nulls(fields, others);
}

struct slice event_own_key(const struct event *event)
{
    return slice_of(event->key.at + EVENT_STREAM_BYTES, event->key.length - EVENT_STREAM_BYTES);
}

bool event_is_key_field(const struct stream *stream, size_t field)
{
    for (size_t i = 0; i < stream->key_count; i++) {
        if (stream->key_fields[i] == field) return true;
    }
    return false;
}

static bool pack_key_part(const struct stream *stream, const struct value *part, struct buffer *key)
{
    return pack_value(key, part, (LSM_KEY_BYTES_MAX - EVENT_STREAM_BYTES) / stream->key_count);
}

void event_key_pack(const struct stream *stream, const struct value *parts, struct buffer *key)
{
    pack_u16(key, stream->id);
    for (size_t i = 0; i < stream->key_count; i++)
        (void)pack_key_part(stream, &parts[i], key); /* a cut key is as good to find by */
}

/* Returns whether event_unpack can read the fields back from the key alone. */
static bool pack_key(const struct stream *stream, const struct value *values, struct buffer *into)
{
    bool readable = true;
    pack_u16(into, stream->id);
    for (size_t i = 0; i < stream->key_count; i++) {
        const struct value *const value = &values[stream->key_fields[i]];
        if (!pack_key_part(stream, value, into)) readable = false;
        if (value->kind == VALUE_STRING && value->string.length &&
            memchr(value->string.at, 0, value->string.length))
            readable = false;
    }
    return readable;
}

/* HEAD: as of an event without its key inside. */
static void pack_fields(const struct stream *stream, const struct value *values, bool key_inside,
                        uint64_t head, struct buffer *into)
{
    pack_varint(into, head | (key_inside ? EVENT_KEY_INSIDE : 0));
    static const struct value null;
    for (size_t i = 0; i < stream->slot_count; i++) {
        const struct slot *const slot = &stream->slots[i];
        if (slot->field < 0 || slot->is_former)
            pack_field(into, slot, &null);
        else if (key_inside || !event_is_key_field(stream, (size_t)slot->field))
            pack_field(into, slot, &values[slot->field]);
    }
}

void event_pack_tombstone(const struct stream *stream, const struct value *values,
                          uint64_t batch_id, struct buffer *into)
{
    AUTO_BUFFER struct buffer key = {0};
    bool const key_inside = !pack_key(stream, values, &key);
    pack_fields(stream, values, key_inside, batch_id << EVENT_FLAG_BITS | EVENT_DELETED, into);
}

static struct event *next_event(struct events_chunk *chunk)
{
    if (chunk->count == chunk->capacity) {
        chunk->capacity = chunk->capacity ? chunk->capacity * 2 : 1024;
        chunk->events = memory_resize(chunk->events, chunk->capacity * sizeof *chunk->events);
    }
    return &chunk->events[chunk->count++];
}

/* What the sort wants to know of the keys, while they are in the cache. */
static void learn_key(struct events_chunk *chunk, struct slice key)
{
    if (chunk->count == 0) {
        chunk->common_length = key.length;
        chunk->rises = true;
        return;
    }
    struct slice const last = chunk->events[chunk->count - 1].key;
    if (chunk->rises) chunk->rises = slice_compare(last, key) <= 0;
    if (key.length < chunk->common_length) chunk->common_length = key.length;
    while (chunk->common_length && memcmp(last.at, key.at, chunk->common_length) != 0)
        chunk->common_length--;
}

size_t event_pack(const struct stream *stream, const struct value *values, uint64_t batch_id,
                  struct buffer *into)
{
    size_t const start = into->length;
    bool const key_inside = !pack_key(stream, values, into);
    size_t const key_length = into->length - start;
    pack_fields(stream, values, key_inside, batch_id << EVENT_FLAG_BITS, into);
    return key_length;
}

void events_chunk_append(struct events_chunk *chunk, const struct event *event)
{
    size_t const length = event->key.length + event->packed.length;
    const uint8_t *const bytes = arena_copy(&chunk->arena, slice_of(event->key.at, length)).at;
    struct event const copy = event_of_bytes(bytes, event->key.length, length);
    learn_key(chunk, copy.key);
    *next_event(chunk) = copy;
}

void events_chunk_add(struct events_chunk *chunk, const struct value *values)
{
    struct buffer *const into = &chunk->scratch;
    buffer_clear(into);
    size_t const key_length = event_pack(chunk->stream, values, 0, into);
    struct event const event = event_of_bytes(into->at, key_length, into->length);
    events_chunk_append(chunk, &event);
}

/* Of a field that has another slot, too: that of a narrower type, or of the wider one. */
static bool unpack_widened(struct slice *from, const struct stream *stream, const struct slot *slot,
                           struct arena *arena, struct value *values)
{
    struct value value;
    if (!unpack_field(from, slot, arena, &value)) return false;
    if (slot->is_former)
        field_widen(&value, slot->type, stream->fields[slot->field].type, slot->zone, arena);
    if (slot->is_former && !slot->has_former) values[slot->field].kind = VALUE_NULL;
    if (value.kind != VALUE_NULL) values[slot->field] = value;
    return true;
}

bool event_unpack(const struct stream *stream, const struct event *event, struct arena *arena,
                  struct value *ret_values)
{
    struct slice rest = event->packed, key = event->key;
    uint64_t head;
    if (!unpack_varint(&rest, &head)) return false;
    bool const key_inside = head & EVENT_KEY_INSIDE;
    for (size_t i = 0; i < stream->slot_count; i++) {
        const struct slot *const slot = &stream->slots[i];
        struct value undeclared;
        if (slot->field >= 0 && !key_inside && event_is_key_field(stream, (size_t)slot->field))
            continue;
        if (slot->is_former || slot->has_former) {
            if (!unpack_widened(&rest, stream, slot, arena, ret_values)) return false;
            continue;
        }
        if (!unpack_field(&rest, slot, arena,
                          slot->field < 0 ? &undeclared : &ret_values[slot->field]))
            return false;
    }
    if (rest.length) return false;
    if (key_inside || stream->key_count == 0) return true;
    if (key.length < EVENT_STREAM_BYTES) return false;
    key = slice_of(key.at + EVENT_STREAM_BYTES, key.length - EVENT_STREAM_BYTES);
    for (size_t i = 0; i < stream->key_count; i++) {
        /* pack_key saw to it that no string needs an arena */
        if (unpack_value(&key, NULL, &ret_values[stream->key_fields[i]]) != UNPACKED) return false;
    }
    return key.length == 0;
}

static bool unpack_key_field(const struct stream *stream, const struct event *event, size_t field,
                             struct value *ret_value)
{
    if (event->key.length < EVENT_STREAM_BYTES) return false;
    struct slice key = event_own_key(event);
    for (size_t i = 0; i < stream->key_count; i++) {
        if (unpack_value(&key, NULL, ret_value) != UNPACKED) return false;
        if (stream->key_fields[i] == field) return true;
    }
    return false;
}

bool event_unpack_time(const struct stream *stream, const struct event *event,
                       struct value *ret_values)
{
    struct slice rest = event->packed;
    uint64_t head;
    if (stream->time_field < 0) return true;
    size_t const time = (size_t)stream->time_field;
    if (!unpack_varint(&rest, &head)) return false;
    bool const key_inside = head & EVENT_KEY_INSIDE;
    if (!key_inside && event_is_key_field(stream, time))
        return unpack_key_field(stream, event, time, &ret_values[time]);
    for (size_t i = 0; i < stream->slot_count; i++) {
        const struct slot *const slot = &stream->slots[i];
        if (slot->field >= 0 && !key_inside && event_is_key_field(stream, (size_t)slot->field))
            continue;
        if (slot->field == (int)time) return unpack_field(&rest, slot, NULL, &ret_values[time]);
        if (!pass_field(&rest, slot)) return false;
    }
    return false;
}

size_t events_chunk_touch(const struct events_chunk *chunk, size_t from)
{
    enum { EVENTS_AT_A_TIME = 32 };
    size_t const left = chunk->count - from;
    size_t const end = from + (left < EVENTS_AT_A_TIME ? left : EVENTS_AT_A_TIME);
    for (size_t i = from; i < end; i++) {
        const struct event *const event = &chunk->events[i];
        memory_touch(event->key.at);
        memory_touch(event->packed.at + event->packed.length - 1); /* most end in the next line */
    }
    return end;
}

static struct slice events_key_of(const void *items, size_t i)
{
    return ((const struct event *)items)[i].key;
}

uint32_t *events_chunk_order(const struct events_chunk *chunk)
{
    if (chunk->count < 2 || chunk->stream->key_count == 0 || chunk->rises) return NULL;
    return radix_sort(chunk->events, events_key_of, chunk->count, chunk->common_length);
}

void events_chunk_sort(struct events_chunk *chunk)
{
    AUTO_FREE uint32_t *const order = events_chunk_order(chunk);
    if (!order) return;
    struct event *const sorted = memory_room(chunk->capacity * sizeof *sorted);
    for (size_t i = 0; i < chunk->count; i++)
        sorted[i] = chunk->events[order[i]];
    free(chunk->events);
    chunk->events = sorted;
    chunk->rises = true;
}
