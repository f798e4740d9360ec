/* Expected figures are of 80-digit arithmetic: series of the incomplete beta and gamma
 * functions, and bisection.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "sketch/distributions.h"

#include <math.h>

#include "../support/test.h"
#include "base/bytes.h"

static void check(const char *what, double x, double df, double found, double expected)
{
    if (!(fabs(found - expected) <= 1e-12 * fabs(expected)))
        fail_msg("%s(%.17g, %.17g) is %.17g, not %.17g", what, x, df, found, expected);
}

static void the_normal_distribution_has_its_digits(void **state)
{
    (void)state;
    static double const cdf[][2] = {
        {-37, 5.7255712225245768227e-300}, {-8, 6.2209605742717841235e-16},
        {-3, 0.0013498980316300945267},    {-1.959963984540054, 0.025000000000000010876},
        {-0.1, 0.46017216272297101633},    {0, 0.5},
        {0.5, 0.69146246127401310364},     {1.6448536269514722, 0.94999999999999994607},
        {4, 0.99996832875816688008},       {9, 0.99999999999999999989}};
    static double const ppf[][2] = {{1e-300, -37.047096299361199237},
                                    {1e-20, -9.2623400897984075796},
                                    {0.001, -3.0902323061678135354},
                                    {0.025, -1.9599639845400542118},
                                    {0.07, -1.4757910281791706856},
                                    {0.08, -1.4050715603096325447},
                                    {0.3, -0.52440051270804081597},
                                    {0.4999, -0.00025066283008800749239},
                                    {0.5, 0},
                                    {0.75, 0.6744897501960817432},
                                    {0.975, 1.9599639845400538556},
                                    {0.9999999, 5.1993375822906610937}};
    for (size_t i = 0; i < COUNT_OF(cdf); i++)
        check("norm_cdf", cdf[i][0], 0, norm_cdf(cdf[i][0]), cdf[i][1]);
    for (size_t i = 0; i < COUNT_OF(ppf); i++)
        check("norm_ppf", ppf[i][0], 0, norm_ppf(ppf[i][0]), ppf[i][1]);
}

static void students_distribution_has_its_digits(void **state)
{
    (void)state;
    static double const cdf[][3] = {{-60, 3, 5.0997968366598773817e-6},
                                    {-12, 200, 1.2110680026233157097e-25},
                                    {-2.5, 7.3, 0.019825117332800235804},
                                    {-1.7, 1e6, 0.044565618245174384516},
                                    {-1, 1, 0.25},
                                    {-0.001, 12, 0.49960927376532473459},
                                    {0.3, 0.5, 0.57757042393475458999},
                                    {1.5, 2, 0.86380343755449946028},
                                    {1.74, 1e9, 0.95907049086737338942},
                                    {2.0930240544082634, 19, 0.97499999999999770939},
                                    {5, 4, 0.99625478305936273772},
                                    {-1e5, 1.5, 1.1924482404598360872e-8},
                                    {-3, 0.2, 0.30141302651756296447},
                                    {-30, 1e4, 1.0221635237127853332e-189}};
    static double const ppf[][3] = {
        {1e-250, 30, -1081064634.530512801},     {1e-9, 2.5, -3489.583395369981726},
        {0.025, 19, -2.0930240544083097411},     {0.2, 0.3, -6.414576801692349521},
        {0.45, 1000000, -0.1256613787664874643}, {0.499999, 3, -2.7206990462830085192e-6},
        {0.6, 1, 0.32491969623290624903},        {0.9, 5, 1.4758840488244812516},
        {0.975, 1234.5, 1.9618874833313452182},  {0.995, 2, 9.9248432009182886403},
        {0.9999999, 40, 6.2656720249959047082}};
    for (size_t i = 0; i < COUNT_OF(cdf); i++)
        check("t_cdf", cdf[i][0], cdf[i][1], t_cdf(cdf[i][0], cdf[i][1]), cdf[i][2]);
    for (size_t i = 0; i < COUNT_OF(ppf); i++)
        check("t_ppf", ppf[i][0], ppf[i][1], t_ppf(ppf[i][0], ppf[i][1]), ppf[i][2]);
}

static void chi_squared_has_its_digits(void **state)
{
    (void)state;
    static double const cdf[][3] = {{1e-10, 1, 7.978845607895672944e-6},
                                    {0.5, 0.1, 0.94770882017331865963},
                                    {3.841458820694124, 1, 0.94999999999999994256},
                                    {1, 3, 0.19874804309879919757},
                                    {20, 3, 0.99983025756444717357},
                                    {7, 15, 0.04235025266744880897},
                                    {60, 29, 0.99938234402669380003},
                                    {31, 31, 0.53378749378249165541},
                                    {150, 300, 1.6815084004192064738e-14},
                                    {1000, 1000, 0.50594714617076035805},
                                    {850, 1e3, 0.00021325999770297618683},
                                    {100200, 1e5, 0.67306998937619541491},
                                    {1998000, 2e6, 0.15865521357430365246},
                                    {1e8, 1e8, 0.50001880631945368147},
                                    {99995000, 1e8, 0.3618522635771920072}};
    for (size_t i = 0; i < COUNT_OF(cdf); i++)
        check("chi2_cdf", cdf[i][0], cdf[i][1], chi2_cdf(cdf[i][0], cdf[i][1]), cdf[i][2]);
}

static void the_upper_tail_of_chi2_keeps_its_digits(void **state)
{
    (void)state;
    static double const numbers[] = {0.1, 1, 5, 36.3, 70, 300, 1400};
    for (size_t i = 0; i < COUNT_OF(numbers);
         i++) { /* what df of 1, 2 and 4 come to in closed form */
        double const x = numbers[i];
        check("chi2_sf", x, 1, chi2_sf(x, 1), erfc(sqrt(x / 2)));
        check("chi2_sf", x, 2, chi2_sf(x, 2), exp(-x / 2));
        check("chi2_sf", x, 4, chi2_sf(x, 4), exp(-x / 2) * (1 + x / 2));
        check("chi2_sf", x, 31, chi2_sf(x, 31) + chi2_cdf(x, 31), 1);
    }
    check("chi2_sf", 1998000, 2e6, chi2_sf(1998000, 2e6), 1 - 0.15865521357430365246);
    assert_true(isnan(chi2_sf(1, 0)) && chi2_sf(0, 1) == 1 && chi2_sf(1e300, 5) == 0);
    assert_true(chi2_sf(1, 1e300) == 1);
}

static void a_quantile_undoes_its_distribution(void **state)
{
    (void)state;
    for (double df = 0.3; df < 1e8; df *= 1.7) {
        for (double p = 1e-12; p < 0.5; p *= 1.9) {
            check("t_cdf(t_ppf())", p, df, t_cdf(t_ppf(p, df), df), p);
            assert_true(t_ppf(1 - (1 - p), df) == -t_ppf(1 - p, df));
        }
    }
}

static void ends_and_what_is_outside(void **state)
{
    (void)state;
    assert_true(norm_ppf(0) == -INFINITY && norm_ppf(1) == INFINITY);
    assert_true(t_ppf(0, 3) == -INFINITY && t_ppf(1, 3) == INFINITY && t_ppf(0.5, 3) == 0);
    assert_true(isnan(norm_ppf(-0.1)) && isnan(norm_ppf(1.1)) && isnan(t_ppf(2, 3)));
    assert_true(isnan(t_cdf(1, 0)) && isnan(t_cdf(1, -1)) && isnan(t_ppf(0.3, 0)));
    assert_true(isnan(chi2_cdf(1, 0)) && chi2_cdf(0, 1) == 0 && chi2_cdf(-1, 1) == 0);
    assert_true(t_cdf(0, 3) == 0.5 && chi2_cdf(1e300, 5) == 1 && chi2_cdf(1, 1e300) == 0);
    assert_true(norm_cdf(-50) == 0 && norm_cdf(50) == 1);
}

/* Whatever comes of them, it comes. */
static void no_number_takes_for_ever(void **state)
{
    (void)state;
    static double const numbers[] = {0,    5e-324,  1e-300, 1e-9,  0.3,    0.5,
                                     0.99, 1,       1e9,    1e100, 1e300,  -1,
                                     2e6,  2e6 - 1, -1e300, 1e-5,  1.7e308};
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        for (size_t j = 0; j < COUNT_OF(numbers); j++) {
            double const cdf = t_cdf(numbers[i], numbers[j]);
            double const chi2 = chi2_cdf(numbers[i], numbers[j]);
            (void)t_ppf(numbers[i], numbers[j]);
            assert_true(isnan(cdf) || (cdf >= 0 && cdf <= 1));
            assert_true(isnan(chi2) || (chi2 >= 0 && chi2 <= 1));
        }
    }
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(the_normal_distribution_has_its_digits),
        cmocka_unit_test(students_distribution_has_its_digits),
        cmocka_unit_test(chi_squared_has_its_digits),
        cmocka_unit_test(the_upper_tail_of_chi2_keeps_its_digits),
        cmocka_unit_test(a_quantile_undoes_its_distribution),
        cmocka_unit_test(ends_and_what_is_outside),
        cmocka_unit_test(no_number_takes_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
