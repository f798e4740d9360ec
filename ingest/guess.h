/* guess.h - the type of a column, guessed from its values.
 *
 *   { guess_see }... -> guess_type
 *
 * Place    sample.h shows the cells; propose.c asks. guess_time.c has the patterns of times.
 * Promise  fewer than one in GUESS_VALUES_A_MISFIT values do not fit the type: as many as ingest refuses of a batch.
 *          Every value that does is bound without fault (bind.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "cell.h"
#include "schema.h"

enum {
    GUESS_VALUES_A_MISFIT = 100,
    GUESS_PATTERNS_MAX = 160,
    GUESS_FORMAT_BYTES = 32,
    GUESS_OTHER_BYTES = 30,
};
enum guess_epoch { EPOCH_S, EPOCH_MS, EPOCH_US, EPOCH_NS };
enum { GUESS_EPOCHS = 4 };

/* How many values of a column could be what. */
struct guess {
    const struct zone *zone; /* of times without an offset */
    size_t values;           /* neither absent nor null nor blank text */
    size_t blanks;           /* texts without a character, which only a string can hold */
    size_t nested;           /* objects and arrays */
    size_t words;            /* true and false of JSON */
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
    size_t epochs[GUESS_EPOCHS];      /* plausible times among the numbers, by unit */
    size_t compact_days;              /* 20260131 */
    size_t times;                     /* texts as calendar_read takes them; of these: */
    size_t with_clock, with_offset;
    size_t patterns[GUESS_PATTERNS_MAX];
    struct buffer other; /* the first value that is no number, and how many are the same */
    size_t others, same_others;
};

void guess_see(struct guess *guess, const struct cell *cell);
void guess_done(struct guess *guess); /* takes a zeroed one */

struct guessed {
    enum field_type type;
    char format[GUESS_FORMAT_BYTES]; /* of a time: a pattern of strptime, or empty */
    size_t misfits;                  /* values that would make ingest refuse their record */
    bool is_unusable;                /* too many objects and arrays */
};
/* NAME: of the column. NOTE: what the guess is from and what else it could be is appended, as one line or nothing. */
struct guessed guess_type(const struct guess *guess, struct slice name, struct buffer *note);
/* Whether the values are numbers as epochs are, whatever the name says. */
bool guess_could_be_time(const struct guess *guess);
/* The column as a string, because misfits of several columns add up. */
struct guessed guess_string(const struct guess *guess);

/* guess_time.c: for guess.c. */
extern const char *const guess_epoch_names[GUESS_EPOCHS]; /* "epoch s" */
/* A number, by its size; false: no time between 1990 and 2100. */
bool guess_epoch(struct slice number, const struct zone *zone, enum guess_epoch *ret_unit);
bool guess_compact_day(struct slice number, const struct zone *zone);
/* Counts a text that is no number. */
void guess_time(struct guess *guess, struct slice text);
/* The pattern that most values fit. */
size_t guess_best_pattern(const struct guess *guess, char ret_format[GUESS_FORMAT_BYTES]);
/* Whether it has the day or the month first, where that matters. */
void guess_note_order(const struct guess *guess, size_t pattern, struct buffer *note);
