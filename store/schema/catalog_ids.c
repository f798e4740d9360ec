/* A layout is packed as
 *   [next stream u16][next view u16]
 *   [streams] ( [id u16][length][name][lacks dictionaries u8]
 *               [slots] ( [type u8][length][name of the field, empty: dropped]
 *                         [words] ( [length][word] )* [length][prefix] )* )*
 *   [views] ( [id u16][length][name] )*
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/catalog_ids.h"

#include "schema/field_widening.h"
#include "schema/renames.h"
#include "types/pack.h"

struct named_slot {
    enum field_type type;
    struct slice name;
    struct dictionary_words dictionary;
};

struct placed_stream {
    uint16_t id;
    struct slice name;
    bool lacks_dictionaries;
    struct named_slot *slots;
    size_t slot_count;
};

struct placed_view {
    uint16_t id;
    struct slice name;
};

struct layout {
    uint16_t next_stream;
    uint16_t next_view;
    struct placed_stream *streams;
    size_t stream_count;
    struct placed_view *views;
    size_t view_count;
};

static void pack_dictionary(const struct dictionary_words *dictionary, struct buffer *into)
{
    pack_varint(into, dictionary->count);
    for (size_t i = 0; i < dictionary->count; i++)
        pack_bytes(into, dictionary->words[i]);
    pack_bytes(into, dictionary->prefix);
}

static bool unpack_dictionary(struct slice *from, struct arena *arena,
                              struct dictionary_words *dictionary)
{
    uint64_t count;
    if (!unpack_varint(from, &count) || count > DICTIONARY_WORDS_MOST) return false;
    dictionary->words = ARENA_ARRAY(arena, struct slice, count);
    dictionary->count = count;
    for (size_t i = 0; i < count; i++) {
        if (!unpack_bytes(from, &dictionary->words[i]) ||
            dictionary->words[i].length > DICTIONARY_WORD_MOST)
            return false;
    }
    return unpack_bytes(from, &dictionary->prefix) &&
           dictionary->prefix.length <= DICTIONARY_PREFIX_MOST;
}

static void pack_layout(const struct layout *layout, struct buffer *into)
{
    pack_u16(into, layout->next_stream);
    pack_u16(into, layout->next_view);
    pack_varint(into, layout->stream_count);
    for (size_t i = 0; i < layout->stream_count; i++) {
        const struct placed_stream *const stream = &layout->streams[i];
        pack_u16(into, stream->id);
        pack_bytes(into, stream->name);
        buffer_add_byte(into, stream->lacks_dictionaries);
        pack_varint(into, stream->slot_count);
        for (size_t j = 0; j < stream->slot_count; j++) {
            buffer_add_byte(into, (uint8_t)stream->slots[j].type);
            pack_bytes(into, stream->slots[j].name);
            pack_dictionary(&stream->slots[j].dictionary, into);
        }
    }
    pack_varint(into, layout->view_count);
    for (size_t i = 0; i < layout->view_count; i++) {
        pack_u16(into, layout->views[i].id);
        pack_bytes(into, layout->views[i].name);
    }
}

static bool unpack_stream(struct slice *from, struct arena *arena, struct placed_stream *stream)
{
    uint64_t count;
    uint8_t lacks;
    if (!unpack_u16(from, &stream->id) || !unpack_bytes(from, &stream->name) ||
        !unpack_byte(from, &lacks) || !unpack_varint(from, &count) || count > from->length)
        return false;
    stream->lacks_dictionaries = lacks;
    stream->slots = ARENA_ARRAY(arena, struct named_slot, count);
    stream->slot_count = count;
    for (size_t i = 0; i < count; i++) {
        uint8_t type;
        if (!unpack_byte(from, &type) || type > FIELD_FLOAT ||
            !unpack_bytes(from, &stream->slots[i].name) ||
            !unpack_dictionary(from, arena, &stream->slots[i].dictionary))
            return false;
        stream->slots[i].type = (enum field_type)type;
    }
    return true;
}

static bool unpack_layout(struct slice from, struct arena *arena, struct layout *layout)
{
    uint64_t count;
    if (!unpack_u16(&from, &layout->next_stream) || !unpack_u16(&from, &layout->next_view) ||
        !unpack_varint(&from, &count) || count > from.length)
        return false;
    layout->streams = ARENA_ARRAY(arena, struct placed_stream, count);
    layout->stream_count = count;
    for (size_t i = 0; i < count; i++) {
        if (!unpack_stream(&from, arena, &layout->streams[i])) return false;
    }
    if (!unpack_varint(&from, &count) || count > from.length) return false;
    layout->views = ARENA_ARRAY(arena, struct placed_view, count);
    layout->view_count = count;
    for (size_t i = 0; i < count; i++) {
        if (!unpack_u16(&from, &layout->views[i].id) ||
            !unpack_bytes(&from, &layout->views[i].name))
            return false;
    }
    return from.length == 0;
}

static bool catalog_ids_corrupt(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "the store's record of its names cannot be read");
    (void)error_remedy(err, "restore the store from a backup, or ingest again into a new one");
    return error_place(err, "meta");
}

static int catalog_ids_find_field(const struct stream *stream, struct slice name)
{
    for (size_t i = 0; i < stream->field_count; i++) {
        if (slice_equal(stream->fields[i].name, name)) return (int)i;
    }
    return -1;
}

/* The schema's own arrays, which are only constant for those who borrow it. */
static struct stream *own_stream(const struct schema *schema, struct slice name)
{
    return (struct stream *)(uintptr_t)schema_stream(schema, name);
}

/* One that only feeds others, too. */
static struct view *own_view(const struct schema *schema, struct slice name)
{
    for (size_t i = 0; i < schema->all_view_count; i++) {
        if (slice_equal(schema->views[i].name, name))
            return (struct view *)(uintptr_t)&schema->views[i];
    }
    return NULL;
}

/* Those that have taken the place of another one. */
static void mark_former(struct stream *stream, struct slot *slots, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!slots[i].is_former) continue;
        stream->has_former_slots = true;
        for (size_t j = i + 1; j < count; j++)
            slots[j].has_former |= slots[j].field == slots[i].field;
    }
}

static bool place_fields(const struct placed_stream *placed, struct stream *stream,
                         const struct time_zone *zone, struct arena *arena)
{
    struct slot *const slots = ARENA_ARRAY(arena, struct slot, placed->slot_count);
    size_t found = 0;
    for (size_t i = 0; i < placed->slot_count; i++) {
        int const field = placed->slots[i].name.length
                              ? catalog_ids_find_field(stream, placed->slots[i].name)
                              : -1;
        slots[i] = (struct slot){
            .field = field,
            .type = placed->slots[i].type,
            .dictionary = dictionary_make(&placed->slots[i].dictionary, arena),
            .zone = zone,
        };
        stream->has_dictionaries |= slots[i].dictionary != NULL;
        if (field < 0) continue;
        enum field_type const type = stream->fields[field].type;
        slots[i].is_former = type != slots[i].type;
        if (slots[i].is_former && !field_widens(slots[i].type, type)) return false;
        found += !slots[i].is_former;
    }
    mark_former(stream, slots, placed->slot_count);
    stream->id = placed->id;
    stream->lacks_dictionaries = placed->lacks_dictionaries;
    stream->slots = slots;
    stream->slot_count = placed->slot_count;
    return found == stream->field_count;
}

bool catalog_ids_apply(struct slice packed, struct schema *schema, struct error *err)
{
    struct layout layout = {.next_stream = 0};
    AUTO_ARENA struct arena arena = {0};
    if (!unpack_layout(packed, &arena, &layout)) return catalog_ids_corrupt(err);
    if (layout.stream_count != schema->stream_count || layout.view_count != schema->all_view_count)
        return catalog_ids_corrupt(err);
    for (size_t i = 0; i < layout.stream_count; i++) {
        struct stream *const stream = own_stream(schema, layout.streams[i].name);
        if (!stream || !place_fields(&layout.streams[i], stream, schema->zone, &schema->arena))
            return catalog_ids_corrupt(err);
    }
    for (size_t i = 0; i < layout.view_count; i++) {
        struct view *const view = own_view(schema, layout.views[i].name);
        if (!view) return catalog_ids_corrupt(err);
        view->id = layout.views[i].id;
    }
    return true;
}

static const struct placed_stream *find_stream(const struct layout *layout, struct slice name)
{
    for (size_t i = 0; i < layout->stream_count; i++) {
        if (slice_equal(layout->streams[i].name, name)) return &layout->streams[i];
    }
    return NULL;
}

static const struct placed_view *find_view(const struct layout *layout, struct slice name)
{
    for (size_t i = 0; i < layout->view_count; i++) {
        if (slice_equal(layout->views[i].name, name)) return &layout->views[i];
    }
    return NULL;
}

/* The slots of OLD, those of fields that are gone without a name, and new ones behind: also of
 * fields that have a wider type, whose values stay where they are. */
static void place_slots(const struct placed_stream *old, const struct stream *stream,
                        struct arena *arena, struct placed_stream *placed)
{
    size_t const old_count = old ? old->slot_count : 0;
    placed->slots = ARENA_ARRAY(arena, struct named_slot, old_count + stream->field_count);
    for (size_t i = 0; i < old_count; i++) {
        struct slice const name = old->slots[i].name;
        int const field = name.length ? renamed_field(stream, name) : -1;
        placed->slots[i] = old->slots[i];
        placed->slots[i].name.length = 0;
        if (field >= 0) placed->slots[i].name = stream->fields[field].name;
    }
    placed->slot_count = old_count;
    placed->lacks_dictionaries = !old || old->lacks_dictionaries;
    for (size_t i = 0; i < stream->field_count; i++) {
        const struct field *const field = &stream->fields[i];
        size_t held = 0;
        while (held < old_count && !(slice_equal(placed->slots[held].name, field->name) &&
                                     placed->slots[held].type == field->type))
            held++;
        if (held < old_count) continue;
        placed->slots[placed->slot_count++] =
            (struct named_slot){.type = field->type, .name = field->name};
        placed->lacks_dictionaries = true;
    }
}

/* What a stream of the next schema was, if it is not new. */
static const struct placed_stream *stream_before(const struct layout *old,
                                                 const struct stream *stream)
{
    const struct placed_stream *const same = find_stream(old, stream->name);
    return same || stream->was.length == 0 ? same : find_stream(old, stream->was);
}

/* The same of a view; FRESH: it is made anew. */
static const struct placed_view *view_before(const struct layout *old, const struct view *view,
                                             bool fresh)
{
    if (fresh) return NULL;
    const struct placed_view *const same = find_view(old, view->name);
    return same || view->was.length == 0 ? same : find_view(old, view->was);
}

static void make_layout(const struct layout *old, const struct schema *next, const bool *fresh,
                        struct arena *arena, struct layout *layout)
{
    *layout = *old;
    layout->streams = ARENA_ARRAY(arena, struct placed_stream, next->stream_count);
    layout->stream_count = next->stream_count;
    for (size_t i = 0; i < next->stream_count; i++) {
        const struct stream *const stream = &next->streams[i];
        const struct placed_stream *const held = stream_before(old, stream);
        layout->streams[i] = (struct placed_stream){.id = held ? held->id : layout->next_stream++,
                                                    .name = stream->name};
        place_slots(held, stream, arena, &layout->streams[i]);
    }
    layout->views = ARENA_ARRAY(arena, struct placed_view, next->all_view_count);
    layout->view_count = next->all_view_count;
    for (size_t i = 0; i < next->all_view_count; i++) {
        const struct view *const view = &next->views[i];
        const struct placed_view *const held = view_before(old, view, fresh && fresh[i]);
        layout->views[i] =
            (struct placed_view){.id = held ? held->id : layout->next_view++, .name = view->name};
    }
}

void catalog_ids_first(const struct schema *schema, struct buffer *packed)
{
    AUTO_ARENA struct arena arena = {0};
    struct layout const nothing = {.next_stream = 0};
    struct layout layout;
    make_layout(&nothing, schema, NULL, &arena, &layout);
    pack_layout(&layout, packed);
}

bool catalog_ids_change(struct slice old_packed, const struct schema *next, const bool *fresh,
                        struct buffer *packed, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct layout old = {.next_stream = 0}, layout;
    if (!unpack_layout(old_packed, &arena, &old)) return catalog_ids_corrupt(err);
    if (old.next_stream + next->stream_count > UINT16_MAX ||
        old.next_view + next->all_view_count > UINT16_MAX) {
        (void)error_set(err, ERROR_FULL, "the schema has been changed too often");
        return error_remedy(err, "ingest again into a new store");
    }
    make_layout(&old, next, fresh, &arena, &layout);
    pack_layout(&layout, packed);
    return true;
}

bool catalog_ids_add_dictionaries(struct slice old, const struct stream *stream,
                                  const struct dictionary_words *dictionaries,
                                  struct buffer *packed, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct layout layout = {.next_stream = 0};
    if (!unpack_layout(old, &arena, &layout)) return catalog_ids_corrupt(err);
    for (size_t i = 0; i < layout.stream_count; i++) {
        struct placed_stream *const placed = &layout.streams[i];
        if (placed->id != stream->id) continue;
        if (placed->slot_count != stream->slot_count) return catalog_ids_corrupt(err);
        placed->lacks_dictionaries = false;
        for (size_t j = 0; j < placed->slot_count; j++) {
            if (!stream->slots[j].dictionary) placed->slots[j].dictionary = dictionaries[j];
        }
    }
    pack_layout(&layout, packed);
    return true;
}
