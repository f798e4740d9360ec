/* A type is taken if all values fit it, or so nearly all that the rest looks like dirt. Types are tried from the narrow
 * to the wide; a string takes everything. What a number means is not in its digits: there the name of the column decides.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "guess.h"

#include <stdio.h>
#include <strings.h>

#include "naming.h"
#include "visible.h"

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
static struct slice trim(struct slice text)
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

static void see_decimal(struct guess *guess, const struct decimal *number)
{
    int64_t integer;
    unsigned const digits = digits_of(number);
    guess->decimals++;
    if (digits > guess->most_digits) guess->most_digits = digits;
    if (number->scale > guess->most_scale) guess->most_scale = number->scale;
    if (number->scale == 0) guess->whole++;
    if (decimal_to_int(number, &integer)) {
        guess->ints++;
        if (integer == 0 || integer == 1) guess->zero_or_one++;
    }
}

static void see_number(struct guess *guess, struct slice text, enum decimal_reading reading,
                       const struct decimal *number)
{
    enum guess_epoch unit;
    double real;
    guess->numbers++;
    if (memchr(text.at, 'e', text.length) || memchr(text.at, 'E', text.length)) guess->exponents++;
    if (is_code(text)) guess->codes++;
    if (float_read(text, &real)) guess->floats++;
    if (reading == DECIMAL_READ)
        see_decimal(guess, number);
    else if (!memchr(text.at, '.', text.length))
        guess->whole++;
    if (guess_epoch(text, guess->zone, &unit)) guess->epochs[unit]++;
    if (guess_compact_day(text, guess->zone)) guess->compact_days++;
}

static void see_other(struct guess *guess, struct slice text)
{
    AUTO_BUFFER struct buffer shown = {0};
    visible_write(text, GUESS_OTHER_BYTES, &shown);
    if (guess->others++ == 0) buffer_set(&guess->other, buffer_slice(&shown));
    if (slice_equal(buffer_slice(&shown), buffer_slice(&guess->other))) guess->same_others++;
}

static void see_text(struct guess *guess, struct slice text)
{
    struct decimal number;
    enum decimal_reading const reading = decimal_read(text, &number);
    int const truth = truth_of(text);
    if (reading != DECIMAL_MALFORMED) {
        see_number(guess, text, reading, &number);
        return;
    }
    see_other(guess, text);
    guess->false_texts += truth == 1;
    guess->true_texts += truth == 2;
    if (truth && text.length >= strlen("true")) guess->long_truths++;
    guess_time(guess, text);
}

void guess_see(struct guess *guess, const struct cell *cell)
{
    switch (cell->kind) {
    case CELL_ABSENT:
    case CELL_NULL: return;
    case CELL_TRUE:
    case CELL_FALSE: guess->words++; break;
    case CELL_NESTED: guess->nested++; break;
    case CELL_TEXT:
    case CELL_NUMBER: {
        struct slice const text = trim(cell->text);
        if (text.length == 0) {
            guess->blanks++;
            return;
        }
        guess->values++;
        see_text(guess, text);
        return;
    }
    }
    guess->values++;
}

void guess_done(struct guess *guess)
{
    buffer_done(&guess->other);
}

static bool nearly_all(const struct guess *guess, size_t fitting)
{
    return fitting > 0 && (guess->values - fitting) * GUESS_VALUES_A_MISFIT < guess->values;
}

static struct guessed as_type(const struct guess *guess, enum field_type type, size_t fitting)
{
    return (struct guessed){.type = type, .misfits = guess->values - fitting};
}

struct guessed guess_string(const struct guess *guess)
{
    struct guessed guessed = as_type(guess, FIELD_STRING, guess->values - guess->nested);
    guessed.is_unusable = guess->nested > 0 && !nearly_all(guess, guess->values - guess->nested);
    return guessed;
}

static bool is_bool(const struct guess *guess)
{
    bool const both = guess->true_texts > 0 && guess->false_texts > 0;
    size_t const texts = guess->true_texts + guess->false_texts;
    return nearly_all(guess, guess->words + texts) &&
           (texts == 0 || both || guess->words > 0 || guess->long_truths == texts);
}

static struct guessed string_of_numbers(const struct guess *guess, const char *why,
                                        struct buffer *note)
{
    buffer_add_text(note, why);
    return guess_string(guess);
}

static size_t plausible_epochs(const struct guess *guess)
{
    size_t plausible = 0;
    for (size_t i = 0; i < GUESS_EPOCHS; i++)
        plausible += guess->epochs[i];
    return plausible;
}

bool guess_could_be_time(const struct guess *guess)
{
    return nearly_all(guess, plausible_epochs(guess));
}

static void note_epochs(const struct guess *guess, struct buffer *note)
{
    size_t const length = note->length;
    for (size_t i = 0; i < GUESS_EPOCHS; i++) {
        if (guess->epochs[i] == 0) continue;
        buffer_format(note, "%s%s", note->length > length ? " and " : "", guess_epoch_names[i]);
    }
}

static bool is_time_number(const struct guess *guess, struct slice name, struct guessed *guessed,
                           struct buffer *note)
{
    if (!naming_has(name, time_words)) return false;
    if (nearly_all(guess, guess->compact_days)) {
        *guessed = as_type(guess, FIELD_TIME, guess->compact_days);
        (void)snprintf(guessed->format, sizeof guessed->format, "%%Y%%m%%d");
        return true;
    }
    if (!guess_could_be_time(guess)) return false;
    /* Any number is an epoch to ingest, be it a likely one or not. */
    *guessed = as_type(guess, FIELD_TIME, plausible_epochs(guess));
    note_epochs(guess, note);
    return true;
}

/* Whether digits behind the point were chosen, as in 19.99, or measured. */
static bool is_measured(const struct guess *guess, struct slice name)
{
    enum { CHOSEN_SCALE = 4 };
    if (guess->exponents > 0 || guess->decimals < guess->numbers) return true;
    if (naming_has(name, money_words)) return false;
    return guess->most_scale > CHOSEN_SCALE || naming_has(name, place_words);
}

static struct guessed of_numbers(const struct guess *guess, struct slice name, struct buffer *note)
{
    struct guessed guessed;
    if (naming_has(name, code_words))
        return string_of_numbers(guess, "digits, but by its name no number to count with", note);
    if (guess->codes > 0 && !nearly_all(guess, guess->compact_days))
        return string_of_numbers(guess, "digits with zeros or a plus in front: a code", note);
    if (is_time_number(guess, name, &guessed, note)) return guessed;
    if (guess->ints == guess->numbers && guess->exponents == 0) {
        bool const flag = guess->zero_or_one == guess->numbers;
        if (flag && naming_has(name, flag_words))
            return as_type(guess, FIELD_BOOL, guess->zero_or_one);
        if (flag) buffer_add_text(note, "could be \"bool\"");
        if (guess_could_be_time(guess)) {
            buffer_add_text(note, "could be \"time\", ");
            note_epochs(guess, note);
        }
        return as_type(guess, FIELD_INT, guess->ints);
    }
    if (guess->whole == guess->numbers && guess->exponents == 0)
        return string_of_numbers(guess, "more digits than an int has", note);
    if (!is_measured(guess, name)) return as_type(guess, FIELD_DECIMAL, guess->decimals);
    if (!nearly_all(guess, guess->floats))
        return string_of_numbers(guess, "beyond the range of a float", note);
    if (guess->decimals == guess->numbers)
        buffer_add_text(note, "or \"decimal\", to keep each digit");
    return as_type(guess, FIELD_FLOAT, guess->floats);
}

/* Why a column that has numbers is none of them: often one word stands for "no value". */
static void note_others(const struct guess *guess, struct buffer *note)
{
    if (guess->numbers == 0 || guess->others == 0 || guess->numbers < guess->others) return;
    buffer_format(note, "%zu %% are numbers", guess->numbers * 100 / guess->values);
    if (guess->same_others == guess->others)
        buffer_format(note, ", the others '%.*s': left empty, they would be null",
                      (int)guess->other.length, (const char *)guess->other.at);
    else
        buffer_format(note, ", but not '%.*s'", (int)guess->other.length,
                      (const char *)guess->other.at);
}

struct guessed guess_type(const struct guess *guess, struct slice name, struct buffer *note)
{
    struct guessed guessed = {.type = FIELD_TIME};
    bool const is_id = naming_has(name, id_words);
    if (guess->values == 0) {
        buffer_add_text(note, guess->blanks ? "only blank texts" : "no value");
        return guess_string(guess);
    }
    if (is_bool(guess))
        return as_type(guess, FIELD_BOOL, guess->words + guess->true_texts + guess->false_texts);
    /* What identifies may well have a letter now and then. */
    if (nearly_all(guess, guess->numbers) && (guess->numbers == guess->values || !is_id))
        return of_numbers(guess, name, note);
    if (nearly_all(guess, guess->times)) return as_type(guess, FIELD_TIME, guess->times);
    size_t const pattern = guess_best_pattern(guess, guessed.format);
    if (nearly_all(guess, guess->patterns[pattern])) {
        guess_note_order(guess, pattern, note);
        guessed.misfits = guess->values - guess->patterns[pattern];
        return guessed;
    }
    note_others(guess, note);
    return guess_string(guess);
}
