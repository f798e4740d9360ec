/* A word is worth its number if it comes again and again: those that are most frequent among the
 * first records get one each. What the other texts of a field all begin with is its prefix. Both
 * are chosen by counts, and equal ones by their bytes, so that an input always gives the same.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "load/learn_dictionaries.h"

#include "base/hash_table.h"
#include "input/bind.h"
#include "input/reader.h"
#include "schema/catalog_ids.h"
#include "tables/meta.h"

enum {
#ifdef TINY_RUNS
    INPUT_BYTES_LEAST = 1,
    RECORDS_LEAST = 3,
#else
    INPUT_BYTES_LEAST = 32 << 10,
    RECORDS_LEAST = 1000,
#endif
    RECORDS_MOST = 10000,
    BYTES_MOST = 4 << 20,
    MEMORY_SHARES = 32,
    WORD_PARTS = 256, /* a word stands in each so-manieth record, or more of them */
    PREFIX_PARTS = 16,
    LENGTH_LEAST = 2,                       /* a shorter one is as short as its number */
    START_BYTES = DICTIONARY_WORD_MOST + 1, /* a text that has as many is no word */
};

struct counted {
    struct slice key; /* the text, or the start of a long one; first, see hash_table_entry */
    size_t count;
};

/* The texts of one slot. */
struct slot_texts {
    struct hash_table table;
    size_t field; /* of one that is counted */
    bool is_counted;
};

struct learning {
    const struct stream *stream;
    struct slot_texts *slots;
    bool counts_any;
    size_t records;
    struct arena arena;
};

static void learning_begin(struct learning *learning, const struct stream *stream)
{
    *learning = (struct learning){.stream = stream};
    learning->slots = ARENA_ARRAY(&learning->arena, struct slot_texts, stream->slot_count);
    for (size_t i = 0; i < stream->slot_count; i++) {
        const struct slot *const slot = &stream->slots[i];
        learning->slots[i].is_counted = slot->type == FIELD_STRING && slot->field >= 0 &&
                                        !slot->dictionary &&
                                        !event_is_key_field(stream, (size_t)slot->field);
        learning->slots[i].field = (size_t)slot->field;
        learning->counts_any |= learning->slots[i].is_counted;
    }
}

static void learning_done(struct learning *learning)
{
    for (size_t i = 0; i < learning->stream->slot_count; i++)
        hash_table_done(&learning->slots[i].table);
    arena_done(&learning->arena);
}

static void count_record(struct learning *learning, const struct value *values)
{
    learning->records++;
    for (size_t i = 0; i < learning->stream->slot_count; i++) {
        struct slot_texts *const texts = &learning->slots[i];
        if (!texts->is_counted || values[texts->field].kind != VALUE_STRING) continue;
        struct slice const text = values[texts->field].string;
        size_t const length = text.length < START_BYTES ? text.length : START_BYTES;
        struct counted *const counted = hash_table_entry(&texts->table, slice_of(text.at, length),
                                                         sizeof *counted, &learning->arena, NULL);
        counted->count++;
    }
}

/* The most frequent first. */
static int by_count(const void *a, const void *b)
{
    const struct counted *const x = *(const struct counted *const *)a,
                                *const y = *(const struct counted *const *)b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return slice_compare(x->key, y->key);
}

static bool is_word(const struct learning *learning, const struct counted *counted)
{
    return counted->count * WORD_PARTS >= learning->records &&
           counted->key.length >= LENGTH_LEAST && counted->key.length <= DICTIONARY_WORD_MOST;
}

static struct slice common_prefix(struct slice a, struct slice b)
{
    size_t length = 0;
    while (length < a.length && length < b.length && a.at[length] == b.at[length])
        length++;
    return slice_of(a.at, length);
}

/* What the texts begin with that are no words. */
static struct slice choose_prefix(const struct learning *learning,
                                  const struct counted *const *others, size_t count)
{
    struct slice prefix = {0};
    size_t records = 0;
    for (size_t i = 0; i < count; i++) {
        prefix = i == 0 ? others[0]->key : common_prefix(prefix, others[i]->key);
        records += others[i]->count;
    }
    bool const is_worth_it = count > 1 && prefix.length >= LENGTH_LEAST &&
                             prefix.length <= DICTIONARY_PREFIX_MOST &&
                             records * PREFIX_PARTS >= learning->records;
    return is_worth_it ? prefix : slice_of(NULL, 0);
}

static struct dictionary_words choose(struct learning *learning, const struct hash_table *table)
{
    struct arena *const arena = &learning->arena;
    struct dictionary_words chosen = {.words =
                                          ARENA_ARRAY(arena, struct slice, DICTIONARY_WORDS_MOST)};
    const struct counted **const all = ARENA_ARRAY(arena, const struct counted *, table->count);
    size_t count = 0;
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].entry) all[count++] = table->slots[i].entry;
    }
    if (count > 0) qsort(all, count, sizeof(const struct counted *), by_count);
    size_t others = 0;
    for (size_t i = 0; i < count; i++) {
        if (chosen.count < DICTIONARY_WORDS_MOST && is_word(learning, all[i]))
            chosen.words[chosen.count++] = all[i]->key;
        else
            all[others++] = all[i];
    }
    chosen.prefix = choose_prefix(learning, all, others);
    return chosen;
}

static bool is_enough(const struct learning *learning, const struct source *source,
                      const struct batch_options *options)
{
    return learning->records == RECORDS_MOST || source_offset(source) >= BYTES_MOST ||
           learning->arena.used_bytes >= options->resources.memory_bytes / MEMORY_SHARES;
}

/* Counts the texts of the first records. */
static bool read_first(struct learning *learning, struct source *source,
                       const struct batch_options *options, struct error *err)
{
    static const struct notices nobody = {.show = NULL};
    struct refusal refusal = {.text = {0}};
    struct binder binder;
    struct record record;
    struct reader *reader = NULL;
    enum reader_step step = READER_END;
    size_t const most = reader_bytes_most(options->resources.memory_bytes, RECORD_SHARES);
    bool const good =
        source_start(source, 0, err) &&
        reader_open(source, options->stream, options->format, NULL, most, &nobody, &reader, err);
    binder_init(&binder, options->stream, options->schema->zone);
    while (good && !is_enough(learning, source, options) &&
           (step = reader_next(reader, &record, &refusal, err)) != READER_END &&
           step != READER_FAILED) {
        if (step == READER_RECORD && bind_cells(&binder, record.cells, &refusal))
            count_record(learning, binder.values);
        while (record.more && reader_rest(reader, &record, err)) {
        }
    }
    reader_free(reader);
    binder_done(&binder);
    refusal_done(&refusal);
    return good && step != READER_FAILED;
}

/* The schema of the store again, with dictionaries for the stream. */
static bool make_schema(struct store *store, const struct learning *learning,
                        const struct dictionary_words *dictionaries, struct schema **ret_schema,
                        struct buffer *layout, struct error *err)
{
    struct snapshot *snapshot;
    struct slice text, zone, old;
    struct schema *schema = NULL;
    if (!snapshot_open(store, &snapshot, err)) return false;
    bool const good =
        meta_schema_load(snapshot->txn, &text, &zone, err) &&
        meta_catalog_ids_load(snapshot->txn, &old, err) &&
        catalog_ids_add_dictionaries(old, learning->stream, dictionaries, layout, err) &&
        schema_read(text, &zone, &schema, err) &&
        catalog_ids_apply(buffer_slice(layout), schema, err);
    snapshot_close(snapshot);
    if (good)
        *ret_schema = schema;
    else
        schema_free(schema);
    return good;
}

bool learn_dictionaries(struct store *store, struct source *source,
                        const struct batch_options *options, struct schema **ret_schema,
                        struct buffer *layout, struct error *err)
{
    const struct stream *const stream = options->stream;
    struct learning learning;
    struct error ignored; /* the records come again */
    *ret_schema = NULL;
    if (!stream->lacks_dictionaries || source_identity(source)->input_bytes < INPUT_BYTES_LEAST)
        return true;
    learning_begin(&learning, stream);
    bool good = true;
    if (learning.counts_any && read_first(&learning, source, options, &ignored) &&
        (learning.records >= RECORDS_LEAST || is_enough(&learning, source, options))) {
        struct dictionary_words *const dictionaries =
            ARENA_ARRAY(&learning.arena, struct dictionary_words, stream->slot_count);
        for (size_t i = 0; i < stream->slot_count; i++)
            dictionaries[i] = choose(&learning, &learning.slots[i].table);
        good = make_schema(store, &learning, dictionaries, ret_schema, layout, err);
    }
    learning_done(&learning);
    return good;
}
