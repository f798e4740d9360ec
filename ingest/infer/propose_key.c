/* The key decides which record is a repeat of another, so a wrong one loses data: it is taken only
 * where a name says that the column identifies something, or where so many values are different
 * that it is hardly chance.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "infer/column_names.h"
#include "infer/propose_p.h"

enum { MANY_RECORDS = 100, RECORDS_A_REPEAT = 100 };

static const char time_words[] = "time timestamp ts date datetime day when";
static const char event_words[] =
    "event occurred happened created ordered order invoice started start begin logged sent paid";
static const char late_words[] = "end ended finish finished due expires expiry birth born dob "
                                 "deleted closed until shipped delivered";
static const char unique_words[] = "id uuid guid";
static const char version_words[] = "updated update modified changed version";
static const char change_words[] = "op operation action change type kind event";
static const char delete_words[] = "d del delete deleted remove removed";
static const char write_words[] =
    "i u c r insert inserted update updated upsert create created read add added write put";

/* How likely a time is the one that says when the event was. */
static int rate_time(const struct proposal *proposal, int field)
{
    struct slice const name = proposal_name(proposal, field);
    const struct column_profile *const fact = proposal_profile(proposal, field);
    bool const often_null = fact->nulls * 10 > proposal->facts.record_count;
    return 2 * column_name_has(name, time_words) + 3 * column_name_has(name, event_words) -
           4 * column_name_has(name, version_words) - 3 * column_name_has(name, late_words) -
           5 * often_null - 20 * (fact->distinct == 0);
}

static void choose_time(struct proposal *proposal)
{
    proposal->time = NO_FIELD_CHOSEN;
    for (int i = 0; i < proposal_count(proposal); i++) {
        if (proposal_type(proposal, i) != FIELD_TIME) continue;
        if (proposal->time == NO_FIELD_CHOSEN ||
            rate_time(proposal, i) > rate_time(proposal, proposal->time))
            proposal->time = i;
    }
}

/* A time that says which of two records of one thing is the later one. */
static void choose_version(struct proposal *proposal)
{
    proposal->version = NO_FIELD_CHOSEN;
    for (int i = 0; i < proposal_count(proposal); i++) {
        if (proposal_type(proposal, i) != FIELD_TIME || proposal_profile(proposal, i)->nulls > 0)
            continue;
        if (!column_name_has(proposal_name(proposal, i), version_words)) continue;
        proposal->version = i;
        return;
    }
}

static bool is_id(const struct proposal *proposal, int field)
{
    enum field_type const type = proposal_type(proposal, field);
    return (type == FIELD_STRING || type == FIELD_INT) &&
           column_name_has(proposal_name(proposal, field), propose_id_words);
}

/* The lower the better; 0: no key. */
static int rate_key(const struct proposal *proposal, int field)
{
    struct slice const name = proposal_name(proposal, field);
    enum field_type const type = proposal_type(proposal, field);
    bool const many = proposal->facts.record_count >= MANY_RECORDS;
    if (type != FIELD_STRING && type != FIELD_INT) return 0;
    if (column_name_has(name, unique_words))
        return column_name_has(name, propose_user_words) ? 2 : 1;
    if (is_id(proposal, field) && many) return 3;
    if (!many) return 0;
    /* Amounts may well be all different, and lines are counted anew in each file. */
    return type == FIELD_STRING && !column_name_has(name, propose_text_words) ? 4 : 0;
}

static void set_key(struct proposal *proposal, int one, int other, size_t different)
{
    proposal->key[0] = one;
    proposal->key[1] = other;
    proposal->key_count = other == NO_FIELD_CHOSEN ? 1 : 2;
    proposal->key_repeats = proposal->facts.record_count - different;
}

/* A few repeats do not speak against what is called an id: exports overlap. */
static bool may_repeat(const struct proposal *proposal, int field, size_t different)
{
    size_t const count = proposal->facts.record_count;
    return rate_key(proposal, field) == 1 && (count - different) * RECORDS_A_REPEAT < count;
}

static bool choose_single(struct proposal *proposal)
{
    int best = NO_FIELD_CHOSEN;
    for (int i = 0; i < proposal_count(proposal); i++) {
        const struct column_profile *const fact = proposal_profile(proposal, i);
        int const rate = rate_key(proposal, i);
        if (rate == 0 || fact->nulls > 0 || fact->distinct == 0) continue;
        if (fact->distinct < proposal->facts.record_count &&
            !may_repeat(proposal, i, fact->distinct))
            continue;
        if (best == NO_FIELD_CHOSEN || rate < rate_key(proposal, best)) best = i;
    }
    if (best == NO_FIELD_CHOSEN) return false;
    set_key(proposal, best, NO_FIELD_CHOSEN, proposal_profile(proposal, best)->distinct);
    return true;
}

/* An id whose records come again, each time with another version. */
static bool choose_versioned(struct proposal *proposal)
{
    if (proposal->version == NO_FIELD_CHOSEN) return false;
    for (int i = 0; i < proposal_count(proposal); i++) {
        const struct column_profile *const fact = proposal_profile(proposal, i);
        if (!is_id(proposal, i) || fact->nulls > 0 || fact->distinct < 2 ||
            column_name_has(proposal_name(proposal, i), propose_user_words))
            continue;
        size_t const pairs =
            column_profiles_pairs(&proposal->facts, (size_t)i, (size_t)proposal->version);
        if (pairs < proposal->facts.record_count && !may_repeat(proposal, i, pairs)) continue;
        set_key(proposal, i, NO_FIELD_CHOSEN, fact->distinct);
        return true;
    }
    return false;
}

static bool can_be_second(const struct proposal *proposal, int field)
{
    if (proposal_profile(proposal, field)->nulls > 0) return false;
    return is_id(proposal, field) || field == proposal->time ||
           (proposal_type(proposal, field) == FIELD_INT &&
            column_name_has(proposal_name(proposal, field), propose_sequence_words));
}

static void choose_pair(struct proposal *proposal)
{
    int const count = proposal_count(proposal);
    if (proposal->facts.record_count < MANY_RECORDS) return;
    for (int i = 0; i < count; i++) {
        if (!is_id(proposal, i) || proposal_profile(proposal, i)->nulls > 0) continue;
        for (int j = 0; j < count; j++) {
            if (j == i || !can_be_second(proposal, j)) continue;
            size_t const pairs = column_profiles_pairs(&proposal->facts, (size_t)i, (size_t)j);
            if (pairs < proposal->facts.record_count) continue;
            set_key(proposal, i, j, pairs);
            return;
        }
    }
}

/* A column of a few words, all of inserts, updates and deletes: the records are
 * changes of a table. */
static bool emits_changes(const struct proposal *proposal, int field, struct slice *ret_delete)
{
    const struct column_profile *const fact = proposal_profile(proposal, field);
    bool deletes = false;
    if (proposal_type(proposal, field) != FIELD_STRING || fact->nulls > 0 || fact->distinct < 2 ||
        fact->distinct != fact->shown_count ||
        !column_name_has(proposal_name(proposal, field), change_words))
        return false;
    for (size_t i = 0; i < fact->shown_count; i++) {
        if (column_name_has(fact->shown[i], write_words)) continue;
        if (deletes || !column_name_has(fact->shown[i], delete_words)) return false;
        deletes = true;
        *ret_delete = fact->shown[i];
    }
    return deletes;
}

/* The sequence or time that tells the changes of one thing, ID, apart. */
static int order_of_changes(const struct proposal *proposal, int id)
{
    for (int i = 0; i < proposal_count(proposal); i++) {
        enum field_type const type = proposal_type(proposal, i);
        bool const sequence = type == FIELD_INT &&
                              column_name_has(proposal_name(proposal, i), propose_sequence_words);
        if (i == id || proposal_profile(proposal, i)->nulls > 0 ||
            (type != FIELD_TIME && !sequence))
            continue;
        if (column_profiles_pairs(&proposal->facts, (size_t)id, (size_t)i) ==
            proposal->facts.record_count)
            return i;
    }
    return NO_FIELD_CHOSEN;
}

static bool choose_changes(struct proposal *proposal)
{
    for (int i = 0; i < proposal_count(proposal); i++) {
        if (!emits_changes(proposal, i, &proposal->delete_word)) continue;
        for (int id = 0; id < proposal_count(proposal); id++) {
            const struct column_profile *const fact = proposal_profile(proposal, id);
            if (!is_id(proposal, id) || fact->nulls > 0 || fact->distinct < 2) continue;
            int const order = order_of_changes(proposal, id);
            if (order == NO_FIELD_CHOSEN) continue;
            set_key(proposal, id, NO_FIELD_CHOSEN, fact->distinct);
            proposal->version = order;
            proposal->operation = i;
            return true;
        }
    }
    return false;
}

void propose_key(struct proposal *proposal)
{
    proposal->operation = NO_FIELD_CHOSEN;
    choose_time(proposal);
    if (choose_changes(proposal)) return;
    choose_version(proposal);
    if (!choose_single(proposal) && !choose_versioned(proposal)) choose_pair(proposal);
    if (proposal->key_count != 1) proposal->version = NO_FIELD_CHOSEN;
}
