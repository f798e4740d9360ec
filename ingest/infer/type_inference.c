/* A type is taken if all values fit it, or so nearly all that the rest looks like dirt. Types are tried from the narrow
 * to the wide; a string takes everything. What a number means is not in its digits: there the name of the column decides.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "infer/type_inference.h"

#include <stdio.h>
#include <strings.h>

#include "common/printable.h"
#include "infer/column_names.h"

static const char time_words[] =
    "time timestamp ts date datetime day at on epoch when created updated modified changed started "
    "ended start end begin finish expires expiry due since until unix millis nano";
static const char code_words[] = "phone telephone tel fax mobile msisdn zip zipcode postal "
                                 "postcode plz ssn iban bic isbn ean gtin upc";
static const char id_words[] = "id ids uuid guid key code no number nr num ref reference sku "
                               "serial account invoice order ticket";
static const char flag_words[] = "is has was can flag bool enabled active deleted";
static const char money_words[] = "price amount revenue cost costs total subtotal fee fees tax vat "
                                  "salary wage balance paid payment "
                                  "discount profit turnover money eur usd gbp";
static const char place_words[] = "lat latitude lon lng long longitude";

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* As bind does for all but strings. */
static struct slice type_inference_trim(struct slice text)
{
    while (text.length > 0 && is_blank(text.at[0]))
        text = slice_of(text.at + 1, text.length - 1);
    while (text.length > 0 && is_blank(text.at[text.length - 1]))
        text.length--;
    return text;
}

/* 0 is no word. 1 is false, 2 true. */
static int truth_of(struct slice text)
{
    static const char *const words[] = {"false", "true", "f", "t", "no", "yes", "n", "y"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strlen(words[i]) == text.length &&
            strncasecmp(words[i], (const char *)text.at, text.length) == 0)
            return (int)(i % 2) + 1;
    }
    return 0;
}

/* "00123", "+491701234567": digits that are no quantity. */
static bool is_code(struct slice text)
{
    enum { PHONE_BYTES = 8 };
    bool const sign = text.at[0] == '-' || text.at[0] == '+';
    bool const zero = text.length > (size_t)sign + 1 && text.at[sign] == '0' &&
                      text.at[sign + 1] >= '0' && text.at[sign + 1] <= '9';
    return zero || (text.at[0] == '+' && text.length >= PHONE_BYTES);
}

static unsigned digits_of(const struct decimal *number)
{
    unsigned digits = 1;
    for (int128 rest = number->coefficient / 10; rest != 0; rest /= 10)
        digits++;
    return digits;
}

static void visit_decimal(struct inference *inference, const struct decimal *number)
{
    int64_t integer;
    unsigned const digits = digits_of(number);
    inference->decimals++;
    if (digits > inference->most_digits) inference->most_digits = digits;
    if (number->scale > inference->most_scale) inference->most_scale = number->scale;
    if (number->scale == 0) inference->whole++;
    if (decimal_to_int(number, &integer)) {
        inference->ints++;
        if (integer == 0 || integer == 1) inference->zero_or_one++;
    }
}

static void visit_number(struct inference *inference, struct slice text,
                         enum decimal_reading reading, const struct decimal *number)
{
    enum inference_epoch unit;
    double real;
    inference->numbers++;
    if (memchr(text.at, 'e', text.length) || memchr(text.at, 'E', text.length))
        inference->exponents++;
    if (is_code(text)) inference->codes++;
    if (float_read(text, &real)) inference->floats++;
    if (reading == DECIMAL_READ)
        visit_decimal(inference, number);
    else if (!memchr(text.at, '.', text.length))
        inference->whole++;
    if (inference_epoch(text, inference->zone, &unit)) inference->epochs[unit]++;
    if (inference_compact_day(text, inference->zone)) inference->compact_days++;
}

static void visit_other(struct inference *inference, struct slice text)
{
    AUTO_BUFFER struct buffer shown = {0};
    printable_write(text, INFERENCE_OTHER_BYTES, &shown);
    if (inference->others++ == 0) buffer_set(&inference->other, buffer_slice(&shown));
    if (slice_equal(buffer_slice(&shown), buffer_slice(&inference->other)))
        inference->same_others++;
}

static void visit_text(struct inference *inference, struct slice text)
{
    struct decimal number;
    enum decimal_reading const reading = decimal_read(text, &number);
    int const truth = truth_of(text);
    if (reading != DECIMAL_MALFORMED) {
        visit_number(inference, text, reading, &number);
        return;
    }
    visit_other(inference, text);
    inference->false_texts += truth == 1;
    inference->true_texts += truth == 2;
    if (truth && text.length >= strlen("true")) inference->long_truths++;
    inference_time(inference, text);
}

void inference_add(struct inference *inference, const struct cell *cell)
{
    switch (cell->kind) {
    case CELL_ABSENT:
    case CELL_NULL: return;
    case CELL_TRUE:
    case CELL_FALSE: inference->words++; break;
    case CELL_NESTED: inference->nested++; break;
    case CELL_TEXT:
    case CELL_NUMBER: {
        struct slice const text = type_inference_trim(cell->text);
        if (text.length == 0) {
            inference->blanks++;
            return;
        }
        inference->values++;
        visit_text(inference, text);
        return;
    }
    }
    inference->values++;
}

void inference_done(struct inference *inference)
{
    buffer_done(&inference->other);
}

static bool nearly_all(const struct inference *inference, size_t fitting)
{
    return fitting > 0 &&
           (inference->values - fitting) * INFERENCE_VALUES_A_MISFIT < inference->values;
}

static struct inferred as_type(const struct inference *inference, enum field_type type,
                               size_t fitting)
{
    return (struct inferred){.type = type, .misfits = inference->values - fitting};
}

struct inferred inference_string(const struct inference *inference)
{
    struct inferred inferred =
        as_type(inference, FIELD_STRING, inference->values - inference->nested);
    inferred.is_unusable =
        inference->nested > 0 && !nearly_all(inference, inference->values - inference->nested);
    return inferred;
}

static bool is_bool(const struct inference *inference)
{
    bool const both = inference->true_texts > 0 && inference->false_texts > 0;
    size_t const texts = inference->true_texts + inference->false_texts;
    return nearly_all(inference, inference->words + texts) &&
           (texts == 0 || both || inference->words > 0 || inference->long_truths == texts);
}

static struct inferred string_of_numbers(const struct inference *inference, const char *why,
                                         struct buffer *note)
{
    buffer_add_text(note, why);
    return inference_string(inference);
}

static size_t plausible_epochs(const struct inference *inference)
{
    size_t plausible = 0;
    for (size_t i = 0; i < INFERENCE_EPOCHS; i++)
        plausible += inference->epochs[i];
    return plausible;
}

bool inference_could_be_time(const struct inference *inference)
{
    return nearly_all(inference, plausible_epochs(inference));
}

static void note_epochs(const struct inference *inference, struct buffer *note)
{
    size_t const length = note->length;
    for (size_t i = 0; i < INFERENCE_EPOCHS; i++) {
        if (inference->epochs[i] == 0) continue;
        buffer_format(note, "%s%s", note->length > length ? " and " : "", inference_epoch_names[i]);
    }
}

static bool is_time_number(const struct inference *inference, struct slice name,
                           struct inferred *inferred, struct buffer *note)
{
    if (!column_name_has(name, time_words)) return false;
    if (nearly_all(inference, inference->compact_days)) {
        *inferred = as_type(inference, FIELD_TIME, inference->compact_days);
        (void)snprintf(inferred->format, sizeof inferred->format, "%%Y%%m%%d");
        return true;
    }
    if (!inference_could_be_time(inference)) return false;
    /* Any number is an epoch to ingest, be it a likely one or not. */
    *inferred = as_type(inference, FIELD_TIME, plausible_epochs(inference));
    note_epochs(inference, note);
    return true;
}

/* Whether digits behind the point were chosen, as in 19.99, or measured. */
static bool is_measured(const struct inference *inference, struct slice name)
{
    enum { CHOSEN_SCALE = 4 };
    if (inference->exponents > 0 || inference->decimals < inference->numbers) return true;
    if (column_name_has(name, money_words)) return false;
    return inference->most_scale > CHOSEN_SCALE || column_name_has(name, place_words);
}

static struct inferred of_numbers(const struct inference *inference, struct slice name,
                                  struct buffer *note)
{
    struct inferred inferred;
    if (column_name_has(name, code_words))
        return string_of_numbers(inference, "digits, but by its name no number to count with",
                                 note);
    if (inference->codes > 0 && !nearly_all(inference, inference->compact_days))
        return string_of_numbers(inference, "digits with zeros or a plus in front: a code", note);
    if (is_time_number(inference, name, &inferred, note)) return inferred;
    if (inference->ints == inference->numbers && inference->exponents == 0) {
        bool const flag = inference->zero_or_one == inference->numbers;
        if (flag && column_name_has(name, flag_words))
            return as_type(inference, FIELD_BOOL, inference->zero_or_one);
        if (flag) buffer_add_text(note, "could be \"bool\"");
        if (inference_could_be_time(inference)) {
            buffer_add_text(note, "could be \"time\", ");
            note_epochs(inference, note);
        }
        return as_type(inference, FIELD_INT, inference->ints);
    }
    if (inference->whole == inference->numbers && inference->exponents == 0)
        return string_of_numbers(inference, "more digits than an int has", note);
    if (!is_measured(inference, name))
        return as_type(inference, FIELD_DECIMAL, inference->decimals);
    if (!nearly_all(inference, inference->floats))
        return string_of_numbers(inference, "beyond the range of a float", note);
    if (inference->decimals == inference->numbers)
        buffer_add_text(note, "or \"decimal\", to keep each digit");
    return as_type(inference, FIELD_FLOAT, inference->floats);
}

/* Why a column that has numbers is none of them: often one word stands for "no value". */
static void note_others(const struct inference *inference, struct buffer *note)
{
    if (inference->numbers == 0 || inference->others == 0 || inference->numbers < inference->others)
        return;
    buffer_format(note, "%zu %% are numbers", inference->numbers * 100 / inference->values);
    if (inference->same_others == inference->others)
        buffer_format(note, ", the others '%.*s': left empty, they would be null",
                      (int)inference->other.length, (const char *)inference->other.at);
    else
        buffer_format(note, ", but not '%.*s'", (int)inference->other.length,
                      (const char *)inference->other.at);
}

struct inferred inference_type(const struct inference *inference, struct slice name,
                               struct buffer *note)
{
    struct inferred inferred = {.type = FIELD_TIME};
    bool const is_id = column_name_has(name, id_words);
    if (inference->values == 0) {
        buffer_add_text(note, inference->blanks ? "only blank texts" : "no value");
        return inference_string(inference);
    }
    if (is_bool(inference))
        return as_type(inference, FIELD_BOOL,
                       inference->words + inference->true_texts + inference->false_texts);
    /* What identifies may well have a letter now and then. */
    if (nearly_all(inference, inference->numbers) &&
        (inference->numbers == inference->values || !is_id))
        return of_numbers(inference, name, note);
    if (nearly_all(inference, inference->times))
        return as_type(inference, FIELD_TIME, inference->times);
    size_t const pattern = inference_best_pattern(inference, inferred.format);
    if (nearly_all(inference, inference->patterns[pattern])) {
        inference_note_order(inference, pattern, note);
        inferred.misfits = inference->values - inference->patterns[pattern];
        return inferred;
    }
    note_others(inference, note);
    return inference_string(inference);
}
