/* What is worth counting in each group. Numbers that add up are told from those that do not
 * (prices, rates, degrees) by name, and where it says nothing by type: what was counted adds up,
 * what was measured has a mean.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "infer/column_names.h"
#include "infer/propose_p.h"

enum { UNIQ_MAX = 4, SUMS_MAX = 4, MEANS_MAX = 2, TRUTHS_MAX = 5 };
enum { MANY_VALUES = 50, TEXT_BYTES_MAX = 60, PRODUCT_DIGITS = 18 };

static const char sum_words[] =
    "quantity qty count counts total totals subtotal sum amount revenue cost costs fee fees tax "
    "vat bytes size "
    "items units sales added deleted delta distance volume rounds gamerounds clicks views visits "
    "hits points goals "
    "deaths cases paid payment discount profit turnover calories lines requests errors salary wage";
static const char mean_words[] = "price rate ratio percent percentage pct score rating age "
                                 "temperature temp humidity pressure voltage speed avg "
                                 "average mean median mag magnitude depth height width length gap "
                                 "rms load latency delay duration elapsed balance";
static const char no_amount_words[] =
    "lat latitude lon lng long longitude status level year month day hour week weekday version "
    "port tz zone type class "
    "grade rank order priority severity offset epoch time zip postal postcode fips mode line";
static const char count_words[] = "count counts num total totals sum";
static const char thing_words[] =
    "page path product article song video origin destination city file query";
static const char quantity_words[] = "quantity qty units";
static const char price_words[] = "price unitprice";
static const char revenue_words[] = "amount revenue total subtotal sales turnover";

/* PATTERN with the names of the fields in place of # and @. */
static struct slice fill_in(struct proposal *proposal, const char *pattern, int one, int other)
{
    AUTO_BUFFER struct buffer text = {0};
    for (const char *at = pattern; *at; at++) {
        if (*at == '#')
            buffer_add_slice(&text, proposal_name(proposal, one));
        else if (*at == '@')
            buffer_add_slice(&text, proposal_name(proposal, other));
        else
            buffer_add_byte(&text, (uint8_t)*at);
    }
    return arena_copy(&proposal->arena, buffer_slice(&text));
}

/* A name that no measure has, and no dimension. */
static struct slice free_name(struct proposal *proposal, struct slice name)
{
    struct slice taken[PROPOSED_MEASURES_MAX + PROPOSED_VIEWS_MAX + 2];
    size_t count = 0;
    taken[count++] = slice_text(bucket_unit_names[proposal->unit]);
    for (size_t i = 0; i < proposal->dimension_count; i++)
        taken[count++] = proposal_name(proposal, proposal->dimensions[i]);
    for (size_t i = 0; i < proposal->measure_count; i++)
        taken[count++] = proposal->measures[i].name;
    return column_name_unique(name, taken, &count, &proposal->arena);
}

struct measure_pattern {
    const char *name;
    const char *name_of_group; /* where the field is a dimension, too */
    const char *text;
    enum measure_reach reach;
};

static void add_measure(struct proposal *proposal, const struct measure_pattern *pattern, int one,
                        int other)
{
    if (proposal->measure_count == PROPOSED_MEASURES_MAX) return;
    bool const group = proposal_is_dimension(proposal, one);
    struct slice const name =
        fill_in(proposal, group ? pattern->name_of_group : pattern->name, one, other);
    struct proposed_measure const measure = {
        .name = free_name(proposal, name),
        .text = fill_in(proposal, pattern->text, one, other),
        .field = one,
        .reach = pattern->reach,
    };
    proposal->measures[proposal->measure_count++] = measure;
}

/* The lower the better; 0: its different values are not worth counting. */
static int rate_uniq(const struct proposal *proposal, int field)
{
    struct slice const name = proposal_name(proposal, field);
    const struct column_profile *const fact = proposal_profile(proposal, field);
    enum field_type const type = proposal_type(proposal, field);
    size_t const count = proposal->facts.record_count;
    if ((type != FIELD_STRING && type != FIELD_INT) || proposal_is_key(proposal, field)) return 0;
    if (fact->distinct < 2 || fact->distinct >= count || fact->nulls * 2 > count) return 0;
    if (column_name_has(name, count_words)) return 0;
    if (column_name_has(name, propose_user_words)) return 1;
    if (column_name_has(name, propose_id_words) && !proposal_is_dimension(proposal, field))
        return 2;
    bool const is_thing = column_name_has(name, thing_words) && fact->distinct > 2;
    if (type != FIELD_STRING || column_name_has(name, propose_text_words)) return 0;
    bool const repeats = fact->distinct > MANY_VALUES && fact->distinct * 2 < count;
    bool const is_short = fact->text_bytes < count * TEXT_BYTES_MAX;
    return is_thing || (repeats && is_short) ? 3 : 0;
}

static void add_uniqs(struct proposal *proposal)
{
    static const struct measure_pattern first = {"unique_#", "unique_#", "uniq(#)", REACH_TIME},
                                        next = {"unique_#", "unique_#", "uniq(#)", REACH_TOTALS};
    enum { RATES = 3 };
    size_t added = 0;
    for (int rate = 1; rate <= RATES; rate++) {
        for (int i = 0; i < proposal_count(proposal) && added < UNIQ_MAX; i++) {
            if (rate_uniq(proposal, i) != rate) continue;
            add_measure(proposal, added == 0 && rate == 1 ? &first : &next, i, i);
            added++;
        }
    }
}

static bool is_amount(const struct proposal *proposal, int field)
{
    struct slice const name = proposal_name(proposal, field);
    enum field_type const type = proposal_type(proposal, field);
    if (type != FIELD_INT && type != FIELD_DECIMAL && type != FIELD_FLOAT) return false;
    if (proposal_profile(proposal, field)->distinct == 0 || proposal_is_key(proposal, field))
        return false;
    return column_name_has(name, count_words) ||
           !(column_name_has(name, propose_id_words) || column_name_has(name, propose_user_words) ||
             column_name_has(name, propose_sequence_words));
}

/* The only amount that has one of WORDS in its name, and so few digits that two of them
 * can be multiplied. */
static int only_amount(const struct proposal *proposal, const char *words)
{
    int found = NO_FIELD_CHOSEN;
    for (int i = 0; i < proposal_count(proposal); i++) {
        if (!is_amount(proposal, i) || !column_name_has(proposal_name(proposal, i), words))
            continue;
        const struct inference *const inference = proposal->seen[i];
        if (found != NO_FIELD_CHOSEN ||
            inference->most_digits + inference->most_scale > PRODUCT_DIGITS)
            return NO_FIELD_CHOSEN;
        found = i;
    }
    return found;
}

static void add_product(struct proposal *proposal)
{
    static const struct measure_pattern pattern = {"revenue", "revenue", "sum(# * @)", REACH_ALL};
    int const quantity = only_amount(proposal, quantity_words);
    int const price = only_amount(proposal, price_words);
    for (int i = 0; i < proposal_count(proposal); i++) {
        if (is_amount(proposal, i) && column_name_has(proposal_name(proposal, i), revenue_words))
            return;
    }
    if (quantity == NO_FIELD_CHOSEN || price == NO_FIELD_CHOSEN || quantity == price) return;
    add_measure(proposal, &pattern, quantity, price);
}

enum amount_kind { AMOUNT_NONE, AMOUNT_SUM, AMOUNT_MEAN, AMOUNT_LIKELY_SUM, AMOUNT_LIKELY_MEAN };

static enum amount_kind kind_of_amount(const struct proposal *proposal, int field)
{
    struct slice const name = proposal_name(proposal, field);
    if (!is_amount(proposal, field)) return AMOUNT_NONE;
    if (column_name_has(name, mean_words)) return AMOUNT_MEAN;
    if (column_name_has(name, sum_words)) return AMOUNT_SUM;
    if (column_name_has(name, no_amount_words)) return AMOUNT_NONE;
    if (proposal_type(proposal, field) == FIELD_INT) return AMOUNT_LIKELY_SUM;
    return AMOUNT_LIKELY_MEAN;
}

/* Numbers that are nearly all different, or could be times, may as well be names of something. */
static bool is_likely(const struct proposal *proposal, int field)
{
    enum { FEW_VALUES = 20 };
    const struct column_profile *const fact = proposal_profile(proposal, field);
    size_t const values = proposal->facts.record_count - fact->nulls;
    if (proposal_type(proposal, field) != FIELD_INT) return true;
    return (values < FEW_VALUES || fact->distinct * 10 < values * 9) &&
           !inference_could_be_time(proposal->seen[field]);
}

/* Those of one kind, and where there is room those that are likely of it; in the
 * order of the data. */
static void add_amounts(struct proposal *proposal, enum amount_kind kind, enum amount_kind likely,
                        const struct measure_pattern *pattern, size_t most)
{
    size_t sure = 0, unsure = 0;
    for (int i = 0; i < proposal_count(proposal); i++)
        sure += kind_of_amount(proposal, i) == kind;
    size_t const room = sure < most ? most - sure : 0;
    sure = 0;
    for (int i = 0; i < proposal_count(proposal); i++) {
        enum amount_kind const found = kind_of_amount(proposal, i);
        if (found == kind ? sure++ >= most : found != likely) continue;
        if (found == likely && (!is_likely(proposal, i) || unsure++ >= room)) continue;
        add_measure(proposal, pattern, i, i);
    }
}

static void add_truths(struct proposal *proposal)
{
    static const struct measure_pattern pattern = {"#", "count_#", "count() where #", REACH_ALL};
    size_t added = 0;
    for (int i = 0; i < proposal_count(proposal) && added < TRUTHS_MAX; i++) {
        if (proposal_type(proposal, i) != FIELD_BOOL || proposal_profile(proposal, i)->distinct < 2)
            continue;
        add_measure(proposal, &pattern, i, i);
        added++;
    }
}

void propose_measures(struct proposal *proposal)
{
    static const struct measure_pattern count = {"count", "count", "count()", REACH_ALL},
                                        sum = {"#", "sum_#", "sum(#)", REACH_ALL},
                                        mean = {"mean_#", "mean_#", "avg(#)", REACH_ALL};
    add_measure(proposal, &count, NO_FIELD_CHOSEN, NO_FIELD_CHOSEN);
    add_uniqs(proposal);
    add_product(proposal);
    add_amounts(proposal, AMOUNT_SUM, AMOUNT_LIKELY_SUM, &sum, SUMS_MAX);
    add_amounts(proposal, AMOUNT_MEAN, AMOUNT_LIKELY_MEAN, &mean, MEANS_MAX);
    add_truths(proposal);
}
