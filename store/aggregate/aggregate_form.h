/* aggregate_form.h - what is done with the state of one kind of aggregate: a row of functions.
 *
 * Place    between aggregate_state.c, which has the table of all rows and does what is the same for
 *          all, and the families, a file each. What a kind is called and takes stands in the schema
 *          (schema/aggregate_table.h), which is below this folder.
 *          A state's count is not theirs: aggregate_state.c keeps, packs and unpacks it. Nor are
 *          they asked of an aggregate with a multiset, but to pack, to unpack and for the result.
 *
 *          A state is packed as [version u8][count varint] and then what the family's file says.
 *          The version is STATE_VERSION, one for all kinds: it goes up with every change of what
 *          the bytes of any of them mean. Another one is refused, never guessed at.
 * Memory   as aggregate_state.h has it.
 * Threads  pure functions and constants.
 * Errors   unpack: false, for bytes that are no state. Nothing else can fail.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "aggregate/aggregate_state.h"
#include "base/varint.h"

/* NULL: there is nothing to do beside the count. The arguments are those of
 * aggregate_apply and so on. */
struct aggregate_form {
    void (*apply)(const struct aggregate *aggregate, struct state *state,
                  const struct aggregate_input *input, struct arena *arena);
    void (*merge)(const struct aggregate *aggregate, struct state *into, const struct state *delta,
                  struct arena *arena);
    void (*negate)(const struct aggregate *aggregate, struct state *state);
    struct result (*result)(const struct aggregate *aggregate, const struct state *state,
                            struct arena *arena);
    bool counts; /* it has a result where the count is 0, too; of the others that is null */
    void (*pack)(const struct aggregate *aggregate, const struct state *state, struct buffer *into);
    bool (*unpack)(const struct aggregate *aggregate, struct slice *from, struct arena *arena,
                   struct state *state);
};

/* count.c */
extern const struct aggregate_form form_count;
/* sum.c */
extern const struct aggregate_form form_sum, form_avg;
/* variance.c */
extern const struct aggregate_form form_var_samp, form_var_pop, form_stddev_samp, form_stddev_pop;
/* extreme.c, quantile.c, top.c */
extern const struct aggregate_form form_least, form_greatest, form_quantile, form_top;
/* boolean.c */
extern const struct aggregate_form form_bool_and, form_bool_or;
/* approximate.c */
extern const struct aggregate_form form_approx_uniq, form_approx_quantile;
/* cross_moments_form.c */
extern const struct aggregate_form form_covar_samp, form_covar_pop, form_corr, form_ratio;
extern const struct aggregate_form form_ratio_var, form_cuped_mean, form_cuped_var;

/* Whether the sums are of floats, see struct state. */
static inline bool is_of_floats(const struct aggregate *aggregate)
{
    return aggregate->type.kind == VALUE_FLOAT;
}

static inline struct result result_null(void)
{
    return (struct result){.kind = RESULT_NULL};
}

static inline struct result result_count(uint64_t count)
{
    return (struct result){.kind = RESULT_EXACT, .exact = decimal_sum_from_int((int64_t)count)};
}

/* What sums have in common (sum.c). NULL packs as zero. */
void sum_apply(const struct aggregate *aggregate, struct state *state,
               const struct aggregate_input *input, struct arena *arena);
void sum_merge(const struct aggregate *aggregate, struct state *into, const struct state *delta,
               struct arena *arena);
void sum_negate(const struct aggregate *aggregate, struct state *state);
void pack_decimal_sum(const struct decimal_sum *sum, struct buffer *into);
void pack_float_sum(const struct float_sum *sum, struct buffer *into);
bool unpack_decimal_sum(struct slice *from, struct decimal_sum *ret_sum) MUST_CHECK;
bool unpack_count(struct slice *from, int64_t *ret_count) MUST_CHECK; /* aggregate_state.c */

/* What elements have in common (extreme.c): the value at the end of one, behind what arg_min orders
 * by and the event's key. */
bool element_value(const struct aggregate *aggregate, struct slice element, struct arena *arena,
                   struct value *ret_value) MUST_CHECK;
struct result element_result(const struct value *value);

/* What several arguments come to (cross_moments_result.c). */
struct result covar_samp_result(const struct aggregate *aggregate, const struct state *state,
                                struct arena *arena);
struct result covar_pop_result(const struct aggregate *aggregate, const struct state *state,
                               struct arena *arena);
struct result corr_result(const struct aggregate *aggregate, const struct state *state,
                          struct arena *arena);
struct result ratio_result(const struct aggregate *aggregate, const struct state *state,
                           struct arena *arena);
struct result ratio_var_result(const struct aggregate *aggregate, const struct state *state,
                               struct arena *arena);
struct result cuped_mean_result(const struct aggregate *aggregate, const struct state *state,
                                struct arena *arena);
struct result cuped_var_result(const struct aggregate *aggregate, const struct state *state,
                               struct arena *arena);
