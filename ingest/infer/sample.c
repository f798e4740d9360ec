// SPDX-License-Identifier: Apache-2.0
#include "infer/sample.h"

enum { LOOK_BYTES = 64 << 10, HEAD_BYTES = 2 * SAMPLE_BYTES_MAX };

static bool is_binary(const struct sample *sample, struct error *err)
{
    struct slice held = source_held(sample->source);
    if (held.length > LOOK_BYTES) held.length = LOOK_BYTES;
    const uint8_t *const nul = held.length ? memchr(held.at, '\0', held.length) : NULL;
    if (!nul) return false;
    bool const wide = held.length >= 2 && ((held.at[0] == 0xff && held.at[1] == 0xfe) ||
                                           (held.at[0] == 0xfe && held.at[1] == 0xff));
    (void)error_set(err, ERROR_INPUT, wide ? "is UTF-16 text" : "is binary, not text");
    if (wide)
        (void)error_remedy(err, "make it UTF-8: iconv -f UTF-16 -t UTF-8");
    else
        (void)error_remedy(err, "NDJSON, a JSON array, CSV and TSV can be read, plain or "
                                "compressed with gzip or zstd");
    (void)source_place(sample->source, 0, err);
    return true;
}

bool sample_open(const char *path, struct sample *sample, struct error *err)
{
    *sample = (struct sample){.source = NULL};
    /* The window of the source reads ahead, and a record may begin within the bytes and
     * end behind them. */
    return source_open_head(path, HEAD_BYTES, &sample->source, err) &&
           source_start(sample->source, 0, err) && !is_binary(sample, err);
}

void sample_done(struct sample *sample)
{
    source_close(sample->source);
    arena_done(&sample->arena);
    *sample = (struct sample){.source = NULL};
}

void sample_omit(struct sample *sample, struct slice column, enum omission_reason reason)
{
    for (size_t i = 0; i < sample->omission_count; i++) {
        if (slice_equal(sample->omissions[i].column, column)) return;
    }
    if (sample->omission_count == SAMPLE_COLUMNS_MAX) return; /* nobody reads more of them */
    sample->omissions[sample->omission_count++] =
        (struct omission){.column = arena_copy(&sample->arena, column), .reason = reason};
}

/* Takes the rest of a refused record. */
static bool take_rest(struct sample *sample, struct reader *reader, struct record *record,
                      const struct refusal *refusal, struct error *err)
{
    if (sample->refused_count++ == 0) {
        sample->refused_line = record->line;
        sample->refused_why = arena_copy(&sample->arena, buffer_slice(&refusal->text));
    }
    while (record->more) {
        if (!reader_rest(reader, record, err)) return false;
    }
    return true;
}

static bool read_records(struct sample *sample, struct reader *reader, struct refusal *refusal,
                         void (*visit)(void *context, const struct record *record), void *context,
                         struct error *err)
{
    struct record record;
    sample->record_count = sample->refused_count = 0;
    sample->is_all = true;
    while (sample->record_count + sample->refused_count < SAMPLE_RECORDS_MAX &&
           reader_place(reader).offset < SAMPLE_BYTES_MAX) {
        switch (reader_next(reader, &record, refusal, err)) {
        case READER_RECORD:
            sample->record_count++;
            visit(context, &record);
            break;
        case READER_REFUSED:
            if (!take_rest(sample, reader, &record, refusal, err)) return false;
            break;
        case READER_END: return true;
        case READER_FAILED: return false;
        }
    }
    sample->is_all = false;
    return true;
}

/* Most records are not what they should be: the input is of another form. */
static bool unreadable(const struct sample *sample, struct error *err)
{
    (void)error_set(err, ERROR_INPUT, "%zu of %zu records cannot be read, first: %.*s",
                    sample->refused_count, sample->refused_count + sample->record_count,
                    (int)sample->refused_why.length, (const char *)sample->refused_why.at);
    if (sample->is_csv)
        (void)error_remedy(err, "a CSV or TSV needs a first line that names the columns");
    else
        (void)error_remedy(err, "write one object a line, with 'jq -c .', or where the records are "
                                "inside an object 'jq -c .NAME[]'");
    return source_place(sample->source, sample->refused_line, err);
}

bool sample_read(struct sample *sample, const struct stream *stream,
                 void (*visit)(void *context, const struct record *record), void *context,
                 struct error *err)
{
    static const struct notices nobody = {.show = NULL};
    AUTO_READER struct reader *reader = NULL;
    struct refusal refusal = {.text = {0}};
    if (!source_start(sample->source, 0, err) ||
        !reader_open(sample->source, stream, INPUT_BY_CONTENT, NULL, RECORD_BYTES_MAX, &nobody,
                     &reader, err))
        return false;
    bool const good = read_records(sample, reader, &refusal, visit, context, err);
    uint64_t const seen_bytes = source_position(sample->source);
    sample->inputs_a_sample = sample->is_all || !seen_bytes
                                  ? 1
                                  : source_identity(sample->source)->input_bytes / seen_bytes;
    refusal_done(&refusal);
    return good && (sample->refused_count <= sample->record_count || unreadable(sample, err));
}

bool sample_has_nothing(const struct sample *sample, const char *what, struct error *err)
{
    (void)error_set(err, ERROR_INPUT, "has no %s", what);
    (void)error_remedy(err, "give a file with some records, as they will be ingested");
    return source_place(sample->source, 0, err);
}
