/* facts.h - what a sample holds once its values are typed as the proposed schema has them.
 *
 * Place    sample.h -> facts.h -> propose.h. Records go through bind.h, so that what is refused here is what ingest
 *          would refuse.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "sample.h"

enum { FACT_SHOWN_MAX = 5, FACT_SHOWN_BYTES = 24 };

struct fact {
    size_t nulls;
    size_t distinct;       /* values that are not null */
    size_t text_bytes;     /* of all its strings */
    struct value least;    /* null where there is no value, or none with an order that matters */
    struct value greatest; /* numbers, floats and times */
    struct slice shown[FACT_SHOWN_MAX]; /* the first different values, fit for a comment */
    size_t shown_count;
    uint64_t *hashes; /* of the value in each record; 0: null */
};

struct facts {
    struct arena arena;
    const struct stream *stream;
    const struct zone *zone;
    struct fact *of; /* one a field */
    size_t record_count;
    size_t refused_count;
    uint64_t refused_line; /* of the first one */
    struct slice refused_why;
};

/* Reads the sample once more. */
bool facts_gather(struct sample *sample, const struct stream *stream, const struct zone *zone,
                  struct facts *facts, struct error *err) MUST_CHECK;
void facts_done(struct facts *facts); /* takes a zeroed one */
/* How many different pairs of values two fields have. */
size_t facts_pairs(const struct facts *facts, size_t one, size_t other);
