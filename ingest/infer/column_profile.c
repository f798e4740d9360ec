// SPDX-License-Identifier: Apache-2.0
#include "infer/column_profile.h"

#include "base/hash.h"
#include "common/printable.h"
#include "input/bind.h"

struct gathering {
    struct column_profiles *facts;
    size_t most_records; /* a file may grow while it is looked at */
    struct binder binder;
    struct refusal refusal;
    struct buffer text;
};

static void visit_range(struct column_profile *fact, const struct value *value)
{
    if (value->kind != VALUE_NUMBER && value->kind != VALUE_FLOAT && value->kind != VALUE_TIME)
        return;
    bool const first = fact->least.kind == VALUE_NULL;
    if (first || value_compare(value, &fact->least) < 0) fact->least = *value;
    if (first || value_compare(value, &fact->greatest) > 0) fact->greatest = *value;
}

/* Two values that are cut to the same text are shown once. */
static void show_value(struct gathering *gathering, struct column_profile *fact, struct slice text)
{
    AUTO_BUFFER struct buffer shown = {0};
    if (fact->shown_count == FACT_SHOWN_MAX) return;
    printable_write(text, FACT_SHOWN_BYTES, &shown);
    for (size_t i = 0; i < fact->shown_count; i++) {
        if (slice_equal(fact->shown[i], buffer_slice(&shown))) return;
    }
    fact->shown[fact->shown_count++] = arena_copy(&gathering->facts->arena, buffer_slice(&shown));
}

static void column_profile_visit_value(struct gathering *gathering, size_t field)
{
    struct column_profiles *const facts = gathering->facts;
    struct column_profile *const fact = &facts->of[field];
    const struct value *const value = &gathering->binder.values[field];
    uint64_t hash = 0;
    if (value->kind == VALUE_NULL) {
        fact->nulls++;
    } else {
        buffer_clear(&gathering->text);
        value_text(value, facts->stream->fields[field].value, facts->zone, &gathering->text);
        hash = hash_bytes(0, buffer_slice(&gathering->text)) | 1;
        fact->text_bytes += value->kind == VALUE_STRING ? gathering->text.length : 0;
        show_value(gathering, fact, buffer_slice(&gathering->text));
        visit_range(fact, value);
    }
    fact->hashes[facts->record_count] = hash;
}

static void column_profile_visit_record(void *context, const struct record *record)
{
    struct gathering *const gathering = context;
    struct column_profiles *const facts = gathering->facts;
    if (facts->record_count == gathering->most_records) return;
    if (!bind_cells(&gathering->binder, record->cells, &gathering->refusal)) {
        if (facts->refused_count++ > 0) return;
        facts->refused_line = record->line;
        facts->refused_why = arena_copy(&facts->arena, buffer_slice(&gathering->refusal.text));
        return;
    }
    for (size_t i = 0; i < facts->stream->field_count; i++)
        column_profile_visit_value(gathering, i);
    facts->record_count++;
}

static int by_size(const void *left, const void *right)
{
    uint64_t const a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Sorts the hashes, and counts how many there are but for 0. */
static size_t count_different(uint64_t *hashes, size_t count)
{
    size_t different = 0;
    qsort(hashes, count, sizeof *hashes, by_size);
    for (size_t i = 0; i < count; i++)
        different += hashes[i] != 0 && (i == 0 || hashes[i] != hashes[i - 1]);
    return different;
}

bool column_profiles_gather(struct sample *sample, const struct stream *stream,
                            const struct time_zone *zone, struct column_profiles *facts,
                            struct error *err)
{
    size_t const most = sample->record_count;
    struct gathering gathering = {.facts = facts, .most_records = most};
    *facts = (struct column_profiles){.stream = stream, .zone = zone};
    facts->of = ARENA_ARRAY(&facts->arena, struct column_profile, stream->field_count);
    for (size_t i = 0; i < stream->field_count; i++)
        facts->of[i].hashes = ARENA_ARRAY(&facts->arena, uint64_t, most);
    binder_init(&gathering.binder, stream, zone);
    bool const good = sample_read(sample, stream, column_profile_visit_record, &gathering, err);
    binder_done(&gathering.binder);
    refusal_done(&gathering.refusal);
    buffer_done(&gathering.text);
    AUTO_FREE uint64_t *const sorted = memory_alloc(most * sizeof *sorted);
    for (size_t i = 0; good && i < stream->field_count; i++) {
        memcpy(sorted, facts->of[i].hashes, facts->record_count * sizeof *sorted);
        facts->of[i].distinct = count_different(sorted, facts->record_count);
    }
    return good;
}

void column_profiles_done(struct column_profiles *facts)
{
    arena_done(&facts->arena);
}

size_t column_profiles_pairs(const struct column_profiles *facts, size_t one, size_t other)
{
    size_t const count = facts->record_count;
    AUTO_FREE uint64_t *const pairs = memory_alloc(count * sizeof *pairs);
    for (size_t i = 0; i < count; i++) {
        uint64_t const both[2] = {facts->of[one].hashes[i], facts->of[other].hashes[i]};
        pairs[i] = hash_bytes(0, slice_of(both, sizeof both)) | 1;
    }
    return count_different(pairs, count);
}
