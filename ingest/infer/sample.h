/* sample.h - the beginning of the user's data, to guess a schema from.
 *
 *   sample_open -> discover_columns -> { sample_read }... -> sample_done
 *
 * Place    source.h, reader.h -> sample.h -> type_inference.h, column_profile.h: what the readers
 *          make of the input is what is looked at.
 * Memory   all is in the sample's own arena until sample_done; what VISIT is shown lives
 *          until it returns.
 * Threads  one owner at a time.
 * Errors   those of the input, placed there; ERROR_INPUT where most records cannot be read.
 * Limits   SAMPLE_*_MAX: of records and bytes what is beyond is not looked at, of the
 *          others it is left out.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "input/reader.h"

enum {
    SAMPLE_RECORDS_MAX = 10000,
    SAMPLE_BYTES_MAX = 16 << 20, /* decompressed */
    SAMPLE_COLUMNS_MAX = 300,
    SAMPLE_STEPS_MAX = 5, /* from a JSON record to a value in it */
};

/* Why a part of the input is in no column. */
enum omission_reason {
    OMITTED_ARRAY,      /* has lists or objects, at least now and then */
    OMITTED_DEEP,       /* beyond SAMPLE_STEPS_MAX */
    OMITTED_TWICE,      /* the header has it more than once */
    OMITTED_UNREADABLE, /* its name is not UTF-8 text, so that no schema can have it */
    OMITTED_NAMELESS,   /* and empty, as behind the last comma */
};
struct omission {
    struct slice column;
    enum omission_reason reason;
};

struct sample {
    struct arena arena;
    struct source *source;
    bool is_csv;
    struct slice *columns; /* as fields of a schema name them, in the order of the data */
    size_t column_count;
    struct omission *omissions;
    size_t omission_count;
    bool too_many_columns; /* there were more */
    size_t record_count;   /* that can be read, as the others below after the first reading */
    size_t refused_count;
    uint64_t refused_line; /* of the first one */
    struct slice refused_why;
    bool is_all; /* the input has no more */
    /* About how many times as much there is as was looked at: 1 or more. */
    uint64_t inputs_a_sample;
};

/* PATH, or "-". Errors are placed at the input, here and below. */
bool sample_open(const char *path, struct sample *sample, struct error *err) MUST_CHECK;
void sample_done(struct sample *sample); /* takes a zeroed one */
/* Says why a column is left out; only the first reason counts. */
void sample_omit(struct sample *sample, struct slice column, enum omission_reason reason);
/* Shows the records to VISIT one by one, with a cell for each field of the stream. Fails where most
 * of them cannot be read. */
bool sample_read(struct sample *sample, const struct stream *stream,
                 void (*visit)(void *context, const struct record *record), void *context,
                 struct error *err) MUST_CHECK;
/* "has no WHAT"; false. */
bool sample_has_nothing(const struct sample *sample, const char *what, struct error *err);
