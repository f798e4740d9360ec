// SPDX-License-Identifier: Apache-2.0
#include "infer/propose.h"

#include "infer/column_names.h"
#include "infer/discover.h"
#include "infer/propose_p.h"

const char propose_id_words[] =
    "id ids userid uuid guid key code no number nr ref reference hash serial";
const char propose_user_words[] =
    "user userid customer customerid client visitor member player account session device author "
    "email ip host subscriber patient employee driver passenger buyer seller";
const char propose_text_words[] =
    "description comment comments title text message note notes subject body content url uri link";
const char propose_sequence_words[] = "line seq sequence position pos index idx row item lsn";

bool proposal_is_key(const struct proposal *proposal, int field)
{
    return proposal->key_count == 1 && proposal->key[0] == field;
}

bool proposal_is_dimension(const struct proposal *proposal, int field)
{
    for (size_t i = 0; i < proposal->dimension_count; i++) {
        if (proposal->dimensions[i] == field) return true;
    }
    return false;
}

static void propose_visit_record(void *context, const struct record *record)
{
    struct proposal *const proposal = context;
    for (size_t i = 0; i < proposal->sample.column_count; i++)
        inference_add(&proposal->inferences[i], &record->cells[i]);
}

/* Reads all columns as they are. */
static bool visit_columns(struct proposal *proposal, struct error *err)
{
    struct sample *const sample = &proposal->sample;
    size_t const count = sample->column_count;
    struct field *const fields = ARENA_ARRAY(&proposal->arena, struct field, count);
    struct stream const stream = {.fields = fields, .field_count = count};
    proposal->inferences = ARENA_ARRAY(&proposal->arena, struct inference, count);
    for (size_t i = 0; i < count; i++) {
        fields[i] = (struct field){.name = sample->columns[i], .column = sample->columns[i]};
        proposal->inferences[i].zone = proposal->zone;
    }
    return sample_read(sample, &stream, propose_visit_record, proposal, err);
}

/* A column goes by its name; a value inside a JSON record by the last step of the pointer to it. */
static struct slice short_name(const struct sample *sample, struct slice column)
{
    if (sample->is_csv || column.length == 0 || column.at[0] != '/') return column;
    size_t start = column.length;
    while (column.at[start - 1] != '/')
        start--;
    return slice_of(column.at + start, column.length - start);
}

static struct slice field_name(const struct sample *sample, struct slice column,
                               struct arena *arena)
{
    struct slice const name = short_name(sample, column);
    for (size_t i = 0; i < sample->column_count && name.length < column.length; i++) {
        struct slice const other = sample->columns[i];
        if (!slice_equal(other, column) && slice_equal(short_name(sample, other), name))
            return column_name_field(column, arena); /* all steps, to tell them apart */
    }
    return column_name_field(name, arena);
}

static void set_type(struct field *field, const struct inferred *inferred)
{
    static enum value_kind const kinds[] = {
        [FIELD_STRING] = VALUE_STRING,  [FIELD_BOOL] = VALUE_BOOL, [FIELD_INT] = VALUE_NUMBER,
        [FIELD_DECIMAL] = VALUE_NUMBER, [FIELD_TIME] = VALUE_TIME, [FIELD_FLOAT] = VALUE_FLOAT,
    };
    field->type = inferred->type;
    field->value.kind = kinds[inferred->type];
    field->format = slice_text(inferred->format);
}

/* Records that are refused for one column or another must not be more together than
 * ingest lets pass. */
static void bound_misfits(const struct proposal *proposal, struct inferred *inferred,
                          struct slice *notes)
{
    const struct sample *const sample = &proposal->sample;
    size_t const records = sample->record_count + sample->refused_count;
    for (;;) {
        size_t sum = 0, worst = 0;
        for (size_t i = 0; i < sample->column_count; i++) {
            if (inferred[i].is_unusable) continue;
            sum += inferred[i].misfits;
            if (inferred[i].misfits > inferred[worst].misfits || inferred[worst].is_unusable)
                worst = i;
        }
        if (sum == 0 || (sum + sample->refused_count) * INFERENCE_VALUES_A_MISFIT < records) return;
        bool const is_string = inferred[worst].type == FIELD_STRING;
        inferred[worst] = inference_string(&proposal->inferences[worst]);
        inferred[worst].is_unusable |= is_string;
        notes[worst] = slice_text("any other type would refuse too many records");
    }
}

/* Fills the stream with the columns that can be used, and what is guessed of each. */
static void choose_fields(struct proposal *proposal, const struct inferred *inferred,
                          const struct slice *notes)
{
    struct sample *const sample = &proposal->sample;
    struct arena *const arena = &proposal->arena;
    size_t const most = sample->column_count;
    struct field *const fields = ARENA_ARRAY(arena, struct field, most);
    AUTO_FREE struct slice *const taken = memory_alloc(most * sizeof *taken);
    size_t count = 0;
    proposal->inferred = ARENA_ARRAY(arena, struct inferred, most);
    proposal->notes = ARENA_ARRAY(arena, struct slice, most);
    proposal->seen = ARENA_ARRAY(arena, const struct inference *, most);
    for (size_t i = 0; i < most; i++) {
        struct slice const column = sample->columns[i];
        if (inferred[i].is_unusable) {
            sample_omit(sample, column, OMITTED_ARRAY);
            continue;
        }
        proposal->inferred[count] = inferred[i];
        proposal->notes[count] = notes[i];
        proposal->seen[count] = &proposal->inferences[i];
        struct field *const field = &fields[count];
        field->name = column_name_unique(field_name(sample, column, arena), taken, &count, arena);
        field->column = column;
        set_type(field, &proposal->inferred[count - 1]);
    }
    proposal->stream.fields = fields;
    proposal->stream.field_count = count;
}

static void inference_fields(struct proposal *proposal)
{
    size_t const count = proposal->sample.column_count;
    AUTO_FREE struct inferred *const inferred = memory_alloc(count * sizeof *inferred);
    AUTO_FREE struct slice *const notes = memory_alloc(count * sizeof *notes);
    for (size_t i = 0; i < count; i++) {
        AUTO_BUFFER struct buffer note = {0};
        struct slice const name = short_name(&proposal->sample, proposal->sample.columns[i]);
        inferred[i] = inference_type(&proposal->inferences[i], name, &note);
        notes[i] = arena_copy(&proposal->arena, buffer_slice(&note));
    }
    bound_misfits(proposal, inferred, notes);
    choose_fields(proposal, inferred, notes);
}

/* "shop/orders.csv.gz": orders. */
static struct slice stream_name(const char *path, struct arena *arena)
{
    const char *const slash = strrchr(path, '/');
    struct slice name = slice_text(slash ? slash + 1 : path);
    const uint8_t *const dot = name.length ? memchr(name.at, '.', name.length) : NULL;
    if (dot) name.length = (size_t)(dot - name.at);
    name = column_name_field(name, arena);
    bool const is_name = strcmp(path, "-") != 0 && name.at[0] != '_' && !slice_is(name, "column");
    return is_name ? name : slice_text("events");
}

static bool propose_look(struct proposal *proposal, const char *path, struct error *err)
{
    if (!time_zone_new(slice_of(NULL, 0), &proposal->zone, err) ||
        !sample_open(path, &proposal->sample, err) || !discover_columns(&proposal->sample, err) ||
        !visit_columns(proposal, err))
        return false;
    proposal->stream.name = stream_name(path, &proposal->arena);
    inference_fields(proposal);
    if (proposal->stream.field_count == 0)
        return sample_has_nothing(&proposal->sample, "value that a field could read", err);
    return column_profiles_gather(&proposal->sample, &proposal->stream, proposal->zone,
                                  &proposal->facts, err);
}

static void proposal_done(struct proposal *proposal)
{
    for (size_t i = 0; proposal->inferences && i < proposal->sample.column_count; i++)
        inference_done(&proposal->inferences[i]);
    column_profiles_done(&proposal->facts);
    sample_done(&proposal->sample);
    time_zone_free(proposal->zone);
    arena_done(&proposal->arena);
}

bool propose_schema(const char *path, struct buffer *ret_text, struct error *err)
{
    struct proposal proposal = {.key_count = 0};
    bool const good = propose_look(&proposal, path, err);
    if (good) {
        propose_key(&proposal);
        propose_views(&proposal);
        propose_measures(&proposal);
        propose_write(&proposal, ret_text);
    }
    proposal_done(&proposal);
    return good;
}
