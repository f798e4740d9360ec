/* distributions.h - distributions for confidence intervals and p-values.
 *
 * Place    formula_call.c lets formulas call them.
 * Promise  about 12 digits of the result are right, in the tails too; NaN outside the domain,
 *          infinite where a quantile is. The same on every machine with the same libm: no fused
 *          operations, a fixed order.
 * Memory   none.
 * Threads  pure functions.
 * Errors   none: NaN is the answer.
 * Sources  norm_ppf: M. J. Wichura, "Algorithm AS 241: The Percentage Points of the Normal
 *          Distribution", Applied Statistics 37(3), 1988. t_cdf: DLMF 8.17.8 near the middle, in
 *          the tails the continued fraction of A. R. DiDonato and A. H. Morris, "Algorithm 708:
 *          Significant Digit Computation of the Incomplete Beta Function Ratios", ACM TOMS
 *          18(3), 1992. chi2_cdf: DLMF 8.7.1 and 8.9.2 (by W. J. Lentz's method), 8.12 for large
 *          df; its factor in front: C. Loader, "Fast and Accurate Computation of Binomial
 *          Probabilities", 2000.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

double norm_cdf(double z);
double norm_ppf(double p);
double t_cdf(double t, double df);
double t_ppf(double p, double df);
double chi2_cdf(double x, double df);
double chi2_sf(double x, double df); /* 1 - chi2_cdf, to the last digits where that is small */
