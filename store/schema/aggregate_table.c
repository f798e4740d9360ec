// SPDX-License-Identifier: Apache-2.0
#include "schema/aggregate_table.h"

#include <strings.h>

#define EXTREME(end)                                                                               \
    {                                                                                              \
        .gives = GIVES_ARGUMENT, .multiset = (end), .insert_only = true                            \
    }
#define DISTRIBUTION                                                                               \
    {                                                                                              \
        .takes = TAKES_NUMBER, .gives = GIVES_FLOAT                                                \
    }
#define OF_SEVERAL(which, has_choice)                                                              \
    {                                                                                              \
        .takes = TAKES_NUMBER, .gives = GIVES_FLOAT, .products = (which), .chooses = (has_choice)  \
    }

const struct aggregate_traits aggregate_traits[AGGREGATE_KINDS] = {
    [AGGREGATE_COUNT] = {.argument_optional = true},
    [AGGREGATE_SUM] = {.takes = TAKES_NUMBER, .gives = GIVES_SUM},
    [AGGREGATE_MIN] = EXTREME(MULTISET_LEAST),
    [AGGREGATE_MAX] = EXTREME(MULTISET_GREATEST),
    [AGGREGATE_AVG] = DISTRIBUTION,
    [AGGREGATE_UNIQ] = {.multiset = MULTISET_SIZE},
    [AGGREGATE_VAR_SAMP] = DISTRIBUTION,
    [AGGREGATE_VAR_POP] = DISTRIBUTION,
    [AGGREGATE_STDDEV_SAMP] = DISTRIBUTION,
    [AGGREGATE_STDDEV_POP] = DISTRIBUTION,
    [AGGREGATE_QUANTILE] = {.gives = GIVES_ARGUMENT,
                            .multiset = MULTISET_RANK,
                            .interpolates = true},
    [AGGREGATE_QUANTILE_DISC] = {.gives = GIVES_ARGUMENT, .multiset = MULTISET_RANK},
    [AGGREGATE_ARG_MIN] = EXTREME(MULTISET_LEAST),
    [AGGREGATE_ARG_MAX] = EXTREME(MULTISET_GREATEST),
    [AGGREGATE_TOP] = {.gives = GIVES_ARGUMENT,
                       .multiset = MULTISET_MOST_FREQUENT,
                       .is_list = true,
                       .never_of_entity = true},
    [AGGREGATE_BOOL_AND] = {.takes = TAKES_BOOL, .gives = GIVES_BOOL},
    [AGGREGATE_BOOL_OR] = {.takes = TAKES_BOOL, .gives = GIVES_BOOL},
    [AGGREGATE_APPROX_UNIQ] = {.insert_only = true, .instead = "uniq", .never_of_entity = true},
    [AGGREGATE_APPROX_QUANTILE] = {.takes = TAKES_NUMBER,
                                   .gives = GIVES_FLOAT,
                                   .never_of_entity = true},
    [AGGREGATE_COVAR_SAMP] = OF_SEVERAL(PRODUCTS_MIXED, false),
    [AGGREGATE_COVAR_POP] = OF_SEVERAL(PRODUCTS_MIXED, false),
    [AGGREGATE_CORR] = OF_SEVERAL(PRODUCTS_ALL, false),
    [AGGREGATE_RATIO] = OF_SEVERAL(PRODUCTS_NONE, false),
    [AGGREGATE_RATIO_VAR] = OF_SEVERAL(PRODUCTS_ALL, false),
    [AGGREGATE_CUPED_MEAN] = OF_SEVERAL(PRODUCTS_ALL, true),
    [AGGREGATE_CUPED_VAR] = OF_SEVERAL(PRODUCTS_ALL, true),
};

const struct aggregate_function aggregate_functions[] = {
    {"count", AGGREGATE_COUNT, REST_NONE, false},
    {"sum", AGGREGATE_SUM, REST_NONE, false},
    {"min", AGGREGATE_MIN, REST_NONE, false},
    {"max", AGGREGATE_MAX, REST_NONE, false},
    {"avg", AGGREGATE_AVG, REST_NONE, false},
    {"mean", AGGREGATE_AVG, REST_NONE, false},
    {"uniq", AGGREGATE_UNIQ, REST_NONE, false},
    {"any_value", AGGREGATE_MIN, REST_NONE, false}, /* any: the least is the same always */
    {"var", AGGREGATE_VAR_SAMP, REST_NONE, false},
    {"variance", AGGREGATE_VAR_SAMP, REST_NONE, false},
    {"var_samp", AGGREGATE_VAR_SAMP, REST_NONE, false},
    {"var_pop", AGGREGATE_VAR_POP, REST_NONE, false},
    {"stddev", AGGREGATE_STDDEV_SAMP, REST_NONE, false},
    {"stddev_samp", AGGREGATE_STDDEV_SAMP, REST_NONE, false},
    {"stddev_pop", AGGREGATE_STDDEV_POP, REST_NONE, false},
    {"median", AGGREGATE_QUANTILE, REST_NONE, false},
    {"quantile", AGGREGATE_QUANTILE, REST_FRACTION, false},
    {"quantile_disc", AGGREGATE_QUANTILE_DISC, REST_FRACTION, false},
    {"first", AGGREGATE_ARG_MIN, REST_NONE, true},
    {"last", AGGREGATE_ARG_MAX, REST_NONE, true},
    {"arg_min", AGGREGATE_ARG_MIN, REST_ORDER, false},
    {"arg_max", AGGREGATE_ARG_MAX, REST_ORDER, false},
    {"top", AGGREGATE_TOP, REST_COUNT, false},
    {"bool_and", AGGREGATE_BOOL_AND, REST_NONE, false},
    {"bool_or", AGGREGATE_BOOL_OR, REST_NONE, false},
    {"approx_uniq", AGGREGATE_APPROX_UNIQ, REST_NONE, false},
    {"approx_quantile", AGGREGATE_APPROX_QUANTILE, REST_FRACTION, false},
    {"covar", AGGREGATE_COVAR_SAMP, REST_NUMBER, false},
    {"covar_samp", AGGREGATE_COVAR_SAMP, REST_NUMBER, false},
    {"covar_pop", AGGREGATE_COVAR_POP, REST_NUMBER, false},
    {"corr", AGGREGATE_CORR, REST_NUMBER, false},
    {"ratio", AGGREGATE_RATIO, REST_NUMBER, false},
    {"ratio_var", AGGREGATE_RATIO_VAR, REST_NUMBER, false},
    {"cuped_mean", AGGREGATE_CUPED_MEAN, REST_NUMBERS, false},
    {"cuped_var", AGGREGATE_CUPED_VAR, REST_NUMBERS, false},
};
const size_t aggregate_function_count = COUNT_OF(aggregate_functions);

const struct aggregate_function *aggregate_function_find(struct slice name)
{
    for (size_t i = 0; i < aggregate_function_count; i++) {
        const struct aggregate_function *const function = &aggregate_functions[i];
        if (name.length == strlen(function->name) &&
            strncasecmp((const char *)name.at, function->name, name.length) == 0)
            return function;
    }
    return NULL;
}

const char *aggregate_name(const struct aggregate *aggregate)
{
    const struct aggregate_function *function = aggregate_functions;
    while (function->kind != aggregate->kind)
        function++; /* each kind has a name */
    return function->name;
}

const char *aggregate_ordered_name(const struct aggregate_function *function)
{
    for (size_t i = 0; i < aggregate_function_count; i++) {
        const struct aggregate_function *const other = &aggregate_functions[i];
        if (other->kind == function->kind && other->rest == REST_ORDER) return other->name;
    }
    return function->name;
}
