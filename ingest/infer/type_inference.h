/* type_inference.h - the type of a column, guessed from its values.
 *
 *   { inference_add }... -> inference_type
 *
 * Place    sample.h shows the cells; propose.c asks. time_inference.c has the patterns of times.
 * Promise  fewer than one in INFERENCE_VALUES_A_MISFIT values do not fit the type: as many as
 *          ingest refuses of a batch. Every value that does is bound without fault (bind.h).
 * Memory   one buffer, until inference_done.
 * Threads  one owner at a time.
 * Errors   none: every column has a type, be it string or `is_unusable`.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "input/cell.h"
#include "schema/schema.h"

enum {
    INFERENCE_VALUES_A_MISFIT = 100,
    INFERENCE_PATTERNS_MAX = 160,
    INFERENCE_FORMAT_BYTES = 32,
    INFERENCE_OTHER_BYTES = 30,
};
enum inference_epoch { EPOCH_S, EPOCH_MS, EPOCH_US, EPOCH_NS };
enum { INFERENCE_EPOCHS = 4 };

/* How many values of a column could be what. */
struct inference {
    const struct time_zone *zone; /* of times without an offset */
    size_t values;                /* neither absent nor null nor blank text */
    size_t blanks;                /* texts without a character, which only a string can hold */
    size_t nested;                /* objects and arrays */
    size_t words;                 /* true and false of JSON */
    size_t true_texts, false_texts;
    size_t long_truths; /* of words and texts: "true", not "t" */
    size_t zero_or_one;
    size_t numbers;  /* of these: */
    size_t decimals; /* of at most DECIMAL_DIGITS digits */
    size_t floats;   /* within their range */
    size_t ints;     /* of 64 bits */
    size_t whole;    /* without a digit behind the point, of any length */
    size_t exponents;
    size_t codes;                     /* zeros in front, or a plus in front of many digits */
    unsigned most_digits, most_scale; /* of decimals */
    size_t epochs[INFERENCE_EPOCHS];  /* plausible times among the numbers, by unit */
    size_t compact_days;              /* 20260131 */
    size_t times;                     /* texts as calendar_read takes them; of these: */
    size_t with_clock, with_offset;
    size_t patterns[INFERENCE_PATTERNS_MAX];
    struct buffer other; /* the first value that is no number, and how many are the same */
    size_t others, same_others;
};

void inference_add(struct inference *inference, const struct cell *cell);
void inference_done(struct inference *inference); /* takes a zeroed one */

struct inferred {
    enum field_type type;
    char format[INFERENCE_FORMAT_BYTES]; /* of a time: a pattern of strptime, or empty */
    size_t misfits;                      /* values that would make ingest refuse their record */
    bool is_unusable;                    /* too many objects and arrays */
};
/* NAME: of the column. NOTE: what the guess is from and what else it could be is appended, as one
 * line or nothing. */
struct inferred inference_type(const struct inference *inference, struct slice name,
                               struct buffer *note);
/* Whether the values are numbers as epochs are, whatever the name says. */
bool inference_could_be_time(const struct inference *inference);
/* The column as a string, because misfits of several columns add up. */
struct inferred inference_string(const struct inference *inference);

/* time_inference.c: for type_inference.c. */
extern const char *const inference_epoch_names[INFERENCE_EPOCHS]; /* "epoch s" */
/* A number, by its size; false: no time between 1990 and 2100. */
bool inference_epoch(struct slice number, const struct time_zone *zone,
                     enum inference_epoch *ret_unit);
bool inference_compact_day(struct slice number, const struct time_zone *zone);
/* Counts a text that is no number. */
void inference_time(struct inference *inference, struct slice text);
/* The pattern that most values fit. */
size_t inference_best_pattern(const struct inference *inference,
                              char ret_format[INFERENCE_FORMAT_BYTES]);
/* Whether it has the day or the month first, where that matters. */
void inference_note_order(const struct inference *inference, size_t pattern, struct buffer *note);
