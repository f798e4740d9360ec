/* Which fields make groups, by how many different values they have and what their names say; and
 * how fine times are.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "infer/column_names.h"
#include "infer/propose_p.h"

enum { SECONDS_PER_DAY = 86400, GROUPS_MAX = 50, MANY_GROUPS_MAX = 300, TEXT_BYTES_MAX = 60 };

static const char group_words[] =
    "country region state city status type category channel method level group segment product "
    "department kind currency "
    "language lang platform browser os gender sex race source medium campaign plan tier variant "
    "version arm action event "
    "operation op severity priority class mode namespace network zone cause brand service";
static const char number_group_words[] =
    "status level year type kind class grade group rating priority severity variant version arm "
    "weekday month hour mode";

static int64_t span_days(const struct proposal *proposal)
{
    const struct column_profile *const fact = proposal_profile(proposal, proposal->time);
    int128 const day_ns = (int128)SECONDS_PER_DAY * 1000000000;
    if (fact->least.kind != VALUE_TIME) return 0;
    return (int64_t)((fact->greatest.time_ns - fact->least.time_ns) / day_ns);
}

/* Whether the times have what DIRECTIVES stand for: "%Y-%m" has neither hours nor days. */
static bool tells(const struct proposal *proposal, const char *directives)
{
    const char *const format = proposal->inferred[proposal->time].format;
    const struct inference *const inference = proposal->seen[proposal->time];
    if (!format[0])
        return *directives == 'd' || inference->numbers > 0 || inference->with_clock > 0;
    return strpbrk(format, directives) != NULL;
}

static void choose_unit(struct proposal *proposal)
{
    enum { HOURLY_DAYS = 3, MONTHLY_DAYS = 5 * 366 };
    if (proposal->time == NO_FIELD_CHOSEN) return;
    int64_t const days = span_days(proposal);
    /* A file in the order of time has more days behind the sample. */
    int64_t const likely_days = (days + 1) * (int64_t)proposal->sample.inputs_a_sample;
    bool const always_the_same = proposal_profile(proposal, proposal->time)->distinct == 1;
    if (days >= MONTHLY_DAYS || !tells(proposal, "dDFjes"))
        proposal->unit = BUCKET_MONTH;
    else if (likely_days <= HOURLY_DAYS && tells(proposal, "HITRs") && !always_the_same)
        proposal->unit = BUCKET_HOUR;
    else
        proposal->unit = BUCKET_DAY;
}

/* Whether a field has few enough different values, each with several records; what names
 * somebody needs many. */
static bool makes_groups(const struct proposal *proposal, int field, size_t most)
{
    enum { FEW_RECORDS = 20, RECORDS_A_GROUP = 4, RECORDS_AN_ID = 20 };
    struct slice const name = proposal_name(proposal, field);
    const struct column_profile *const fact = proposal_profile(proposal, field);
    size_t const count = proposal->facts.record_count, values = count - fact->nulls;
    bool const is_id = column_name_has(name, propose_user_words) ||
                       column_name_has(name, propose_id_words) || most > GROUPS_MAX;
    if (proposal_is_key(proposal, field) || fact->distinct < 2 || fact->distinct > most)
        return false;
    if (fact->nulls * 2 > count || fact->distinct >= count) return false;
    if (count >= FEW_RECORDS && fact->distinct * RECORDS_A_GROUP > count) return false;
    if (is_id && fact->distinct * RECORDS_AN_ID > count) return false;
    return fact->text_bytes <= values * TEXT_BYTES_MAX; /* no sentences */
}

/* How well a field makes groups; 0: not at all. */
static int rate_group(const struct proposal *proposal, int field, size_t most)
{
    struct slice const name = proposal_name(proposal, field);
    const struct column_profile *const fact = proposal_profile(proposal, field);
    enum field_type const type = proposal_type(proposal, field);
    bool const is_number = type == FIELD_INT && column_name_has(name, number_group_words);
    if ((type != FIELD_STRING && !is_number) || field == proposal->operation) return 0;
    /* Beside the bucket of that name it would say the same, or be taken for it. */
    if (slice_is(name, bucket_unit_names[proposal->unit])) return 0;
    if (!makes_groups(proposal, field, most)) return 0;
    return 1 + 4 * column_name_has(name, group_words) + (fact->distinct > 2) +
           (fact->nulls * 10 < proposal->facts.record_count);
}

/* As a country and its code: each value of one goes with one of the other. */
static bool is_the_same(const struct proposal *proposal, int one, int other)
{
    const struct column_profile *const a = proposal_profile(proposal, one), *const b =
                                                                                proposal_profile(
                                                                                    proposal,
                                                                                    other);
    size_t const a_groups = a->distinct + (a->nulls > 0), b_groups = b->distinct + (b->nulls > 0);
    return a_groups == b_groups &&
           column_profiles_pairs(&proposal->facts, (size_t)one, (size_t)other) == a_groups;
}

static bool is_new_group(const struct proposal *proposal, int field)
{
    if (proposal_is_dimension(proposal, field)) return false;
    for (size_t i = 0; i < proposal->dimension_count; i++) {
        if (is_the_same(proposal, proposal->dimensions[i], field)) return false;
    }
    return true;
}

static void choose_groups(struct proposal *proposal, size_t most)
{
    while (proposal->dimension_count < PROPOSED_VIEWS_MAX) {
        int best = NO_FIELD_CHOSEN, best_rate = 0;
        for (int i = 0; i < proposal_count(proposal); i++) {
            int const rate = rate_group(proposal, i, most);
            if (rate <= best_rate || !is_new_group(proposal, i)) continue;
            best = i;
            best_rate = rate;
        }
        if (best == NO_FIELD_CHOSEN) return;
        proposal->dimensions[proposal->dimension_count++] = best;
    }
}

/* They are counted in every other view. */
static void choose_truth(struct proposal *proposal)
{
    for (int i = 0; i < proposal_count(proposal) && proposal->dimension_count == 0; i++) {
        if (proposal_type(proposal, i) != FIELD_BOOL || !makes_groups(proposal, i, GROUPS_MAX) ||
            slice_is(proposal_name(proposal, i), bucket_unit_names[proposal->unit]))
            continue;
        proposal->dimensions[proposal->dimension_count++] = i;
    }
}

void propose_views(struct proposal *proposal)
{
    choose_unit(proposal);
    choose_groups(proposal, GROUPS_MAX);
    if (proposal->dimension_count == 0) choose_groups(proposal, MANY_GROUPS_MAX);
    choose_truth(proposal);
}
