/* column_profile.h - what a sample holds once its values are typed as the proposed schema has them.
 *
 * Place    sample.h -> column_profile.h -> propose.h. Records go through bind.h, so that what is
 *          refused here is what ingest would refuse.
 * Memory   all is in the profiles' own arena, until column_profiles_done; stream and
 *          zone are borrowed.
 * Threads  one owner at a time.
 * Errors   those of sample_read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "infer/sample.h"

enum { FACT_SHOWN_MAX = 5, FACT_SHOWN_BYTES = 24 };

struct column_profile {
    size_t nulls;
    size_t distinct;       /* values that are not null */
    size_t text_bytes;     /* of all its strings */
    struct value least;    /* null where there is no value, or none with an order that matters */
    struct value greatest; /* numbers, floats and times */
    struct slice shown[FACT_SHOWN_MAX]; /* the first different values, fit for a comment */
    size_t shown_count;
    uint64_t *hashes; /* of the value in each record; 0: null */
};

struct column_profiles {
    struct arena arena;
    const struct stream *stream;
    const struct time_zone *zone;
    struct column_profile *of; /* one a field */
    size_t record_count;
    size_t refused_count;
    uint64_t refused_line; /* of the first one */
    struct slice refused_why;
};

/* Reads the sample once more. */
bool column_profiles_gather(struct sample *sample, const struct stream *stream,
                            const struct time_zone *zone, struct column_profiles *facts,
                            struct error *err) MUST_CHECK;
void column_profiles_done(struct column_profiles *facts); /* takes a zeroed one */
/* How many different pairs of values two fields have. */
size_t column_profiles_pairs(const struct column_profiles *facts, size_t one, size_t other);
