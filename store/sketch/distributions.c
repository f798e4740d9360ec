// SPDX-License-Identifier: Apache-2.0
#include "sketch/distributions.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* More than any needs that converges: what comes of numbers beyond all measure shall come soon. */
enum { STEPS_MAX = 20000 };

double norm_cdf(double z)
{
    return 0.5 * erfc(-z * M_SQRT1_2);
}

/* COEFFICIENTS from that of the highest power on. */
static double polynomial(const double *coefficients, size_t count, double x)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum = sum * x + coefficients[i];
    return sum;
}

enum { TERMS = 8 };
struct quotient {
    double over[TERMS];
    double under[TERMS];
};

static double quotient_at(const struct quotient *quotient, double x)
{
    return polynomial(quotient->over, TERMS, x) / polynomial(quotient->under, TERMS, x);
}

static const struct quotient in_the_middle = {
    {2.5090809287301226727e+3, 3.3430575583588128105e+4, 6.7265770927008700853e+4,
     4.5921953931549871457e+4, 1.3731693765509461125e+4, 1.9715909503065514427e+3,
     1.3314166789178437745e+2, 3.3871328727963666080e+0},
    {5.2264952788528545610e+3, 2.8729085735721942674e+4, 3.9307895800092710610e+4,
     2.1213794301586595867e+4, 5.3941960214247511077e+3, 6.8718700749205790830e+2,
     4.2313330701600911252e+1, 1.0}};
static const struct quotient near_the_end = {
    {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
     1.27045825245236838258e+0, 3.64784832476320460504e+0, 5.76949722146069140550e+0,
     4.63033784615654529590e+0, 1.42343711074968357734e+0},
    {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
     1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e+0,
     2.05319162663775882187e+0, 1.0}};
static const struct quotient at_the_end = {
    {2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
     2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e+0,
     5.46378491116411436990e+0, 6.65790464350110377720e+0},
    {2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
     7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
     5.99832206555887937690e-1, 1.0}};

double norm_ppf(double p)
{
    double const apart = p - 0.5;
    if (!(p >= 0 && p <= 1)) return NAN;
    if (fabs(apart) <= 0.425) return apart * quotient_at(&in_the_middle, 0.180625 - apart * apart);
    double const root = sqrt(-log(apart < 0 ? p : 1 - p));
    if (isinf(root)) return apart < 0 ? -INFINITY : INFINITY;
    double const z =
        root <= 5 ? quotient_at(&near_the_end, root - 1.6) : quotient_at(&at_the_end, root - 5);
    return apart < 0 ? -z : z;
}

/* Gamma(a + 1/2) / Gamma(a): its series for large a, to which the recurrence leads. */
static double half_step(double a)
{
    static const double series[] = {-334477.0 / 2147483648,
                                    39325.0 / 33554432,
                                    869.0 / 4194304,
                                    -399.0 / 262144,
                                    -21.0 / 32768,
                                    5.0 / 1024,
                                    1.0 / 128,
                                    -1.0 / 8,
                                    1.0};
    double factor = 1;
    while (a < 40) {
        factor *= a / (a + 0.5);
        a++;
    }
    return factor * sqrt(a) * polynomial(series, COUNT_OF(series), 1 / a);
}

/* What Student's distribution is at one |t|. */
struct student {
    double half;   /* df / 2 */
    double scaled; /* t / sqrt(df) */
    double x;      /* df / (df + t^2) */
    double y;      /* t^2 / (df + t^2) */
    double front;  /* (1 + t^2 / df)^(-df/2) / B(df/2, 1/2) */
};

static struct student student_at(double t, double df)
{
    double const scaled = t / sqrt(df), hypotenuse = hypot(1, scaled);
    double const logarithm =
        scaled < 1 ? log1p(t * t / df) : 2 * log(scaled) + log1p(1 / scaled / scaled);
    return (struct student){
        .half = df / 2,
        .scaled = scaled,
        .x = 1 / hypotenuse / hypotenuse,
        .y = scaled / hypotenuse * (scaled / hypotenuse),
        .front = exp(-df / 2 * logarithm) * half_step(df / 2) / sqrt(M_PI),
    };
}

/* P(|T| < t), where that is not near 1: a series of positive terms. */
static double student_middle(const struct student *at)
{
    double sum = 1, term = 1;
    for (int n = 0; n < STEPS_MAX && term > sum * DBL_EPSILON / 4; n++) {
        term *= (at->half + 0.5 + n) / (1.5 + n) * at->y;
        sum += term;
    }
    return 2 * at->front * sqrt(at->y) * sum;
}

/* P(|T| > t) beyond that. In the names of Algorithm 708 (BFRAC): a = df/2, b = 1/2. */
static double student_ends(const struct student *at)
{
    double const a = at->half, b = 0.5, x = at->x, y = at->y;
    double const c = 1 + a * (y - x / (2 * a)), c0 = b / a, c1 = 1 + 1 / a;
    double p = 1, s = a + 1, an = 0, bn = 1, an_next = 1, bn_next = c / c1, r = c1 / c;
    for (int n = 1; n < STEPS_MAX; n++) {
        double const t = n / a, w = n * (b - n) * x, e = a / s;
        double const alpha = p * (p + c0) * e * e * (w * x);
        double const beta = n + w / s + (1 + t) / (c1 + t + t) * (c + n * (1 + y));
        double const an_last = an, bn_last = bn, r_last = r;
        p = 1 + t;
        s += 2;
        an = an_next / bn_next;
        bn = 1;
        an_next = alpha * an_last / bn_next + beta * an;
        bn_next = alpha * bn_last / bn_next + beta;
        r = an_next / bn_next;
        if (!(fabs(r - r_last) > DBL_EPSILON * r)) break;
        an /= bn_next; /* both pairs to the scale of the new denominator */
        bn /= bn_next;
        an_next = r;
        bn_next = 1;
    }
    return at->front * sqrt(y) * r;
}

/* P(|T| < t) and P(|T| > t), of which the smaller one has its digits. */
static void student(double t, double df, double *ret_middle, double *ret_ends)
{
    struct student const at = student_at(t, df);
    if (at.scaled * at.scaled * (df + 2) < 3) {
        *ret_middle = student_middle(&at);
        *ret_ends = 1 - *ret_middle;
    } else {
        *ret_ends = student_ends(&at);
        *ret_middle = 1 - *ret_ends;
    }
}

double t_cdf(double t, double df)
{
    double middle, ends;
    if (!(df > 0)) return NAN;
    if (t == 0) return 0.5;
    student(fabs(t), df, &middle, &ends);
    if (t < 0) return ends / 2;
    return middle < 0.5 ? 0.5 + middle / 2 : 1 - ends / 2;
}

/* The next guess of t: by Newton on logarithms of both sides, else inside of what is
 * known to enclose it. */
static double better_guess(double t, double df, double found, double wanted, bool rises,
                           const double enclosing[2])
{
    struct student const at = student_at(t, df);
    double const slope = 2 * at.front * sqrt(at.y * at.x) / found; /* d log(found) / d log(t) */
    double const step = log(found / wanted) / slope;
    double const next = t * exp(rises ? -step : step);
    if (next > enclosing[0] && next < enclosing[1]) return next;
    if (isinf(enclosing[1])) return t * 4;
    return enclosing[0] > 0 ? sqrt(enclosing[0]) * sqrt(enclosing[1]) : enclosing[1] / 4;
}

double t_ppf(double p, double df)
{
    double const wanted_ends = 2 * (p < 0.5 ? p : 1 - p), wanted_middle = fabs(2 * p - 1);
    bool const rises = wanted_middle < 0.5;
    double const wanted = rises ? wanted_middle : wanted_ends;
    double enclosing[2] = {0, INFINITY}, middle, ends;
    if (!(df > 0 && p >= 0 && p <= 1)) return NAN;
    if (wanted_middle == 0) return 0;
    double t = fabs(norm_ppf(p));
    for (int i = 0; i < STEPS_MAX && isfinite(t) && t > 0; i++) {
        student(t, df, &middle, &ends);
        double const found = rises ? middle : ends;
        if (found == wanted) break;
        enclosing[(found < wanted) != rises] = t;
        double const next = better_guess(t, df, found, wanted, rises, enclosing);
        double const apart = fabs(next - t);
        t = next;
        if (!(apart > 2 * DBL_EPSILON * t)) break;
    }
    return p < 0.5 ? -t : t;
}

/* a * log(a / x) + x - a without cancellation (Loader's bd0). */
static double deviance(double a, double x)
{
    if (fabs(a - x) >= 0.1 * (a + x)) return a * log(a / x) + x - a;
    double const v = (a - x) / (a + x);
    double sum = (a - x) * v, term = 2 * a * v, last;
    int n = 1;
    do {
        last = sum;
        term *= v * v;
        n += 2;
        sum += term / n;
    } while (sum != last);
    return sum;
}

/* x^a * e^-x / Gamma(a + 1) */
static double gamma_front(double a, double x)
{
    if (a < 15) return exp(a * log(x) - x) / tgamma(a + 1);
    static const double series[] = {-691.0 / 360360, 1.0 / 1188, -1.0 / 1680,
                                    1.0 / 1260,      -1.0 / 360, 1.0 / 12};
    double const error = polynomial(series, COUNT_OF(series), 1 / a / a) / a; /* of Stirling */
    return exp(-error - deviance(a, x)) / sqrt(2 * M_PI * a);
}

/* P(a, x), x < a + 1 */
static double gamma_below(double a, double x)
{
    double sum = 1, term = 1;
    for (int n = 1; n < STEPS_MAX && term > sum * DBL_EPSILON / 4; n++) {
        term *= x / (a + n);
        sum += term;
    }
    return gamma_front(a, x) * sum;
}

/* Q(a, x), x >= a + 1 */
static double gamma_above(double a, double x)
{
    double b = x + 1 - a, c = INFINITY, d = 1 / b, product = d;
    for (int n = 1; n < STEPS_MAX; n++) {
        double const over = -n * (n - a);
        b += 2;
        d = 1 / (over * d + b);
        c = b + over / c;
        product *= c * d;
        if (!(fabs(c * d - 1) > DBL_EPSILON)) break;
    }
    return gamma_front(a, x) * a * product;
}

/* P(a, x) for a so large that the sums above would be long: where it is neither 0 nor
 * 1, eta is small. */
static double gamma_uniform(double a, double x, bool above)
{
    static const double first[] = {-139.0 / 777600, 1.0 / 2835, 1.0 / 864,
                                   -2.0 / 135,      1.0 / 12,   -1.0 / 3};
    static const double second[] = {-77.0 / 77760, 1.0 / 378, -1.0 / 288, -1.0 / 540};
    enum { BEYOND = 800 }; /* exp(-BEYOND) is 0 */
    double const apart = deviance(a, x);
    if (!(apart < BEYOND)) return (x < a) == above ? 1 : 0;
    double const z = x < a ? -sqrt(apart) : sqrt(apart), eta = z * sqrt(2 / a);
    double const rest =
        exp(-apart) / sqrt(2 * M_PI * a) *
        (polynomial(first, COUNT_OF(first), eta) + polynomial(second, COUNT_OF(second), eta) / a);
    double const result = above ? erfc(z) / 2 + rest : erfc(-z) / 2 - rest;
    return result < 0 ? 0 : result > 1 ? 1 : result;
}

double chi2_cdf(double x, double df)
{
    double const a = df / 2, half = x / 2;
    if (!(df > 0)) return NAN;
    if (x <= 0) return 0;
    if (a >= 1e6) return gamma_uniform(a, half, false);
    double const p = half < a + 1 ? gamma_below(a, half) : 1 - gamma_above(a, half);
    return p > 1 ? 1 : p;
}

double chi2_sf(double x, double df)
{
    double const a = df / 2, half = x / 2;
    if (!(df > 0)) return NAN;
    if (x <= 0) return 1;
    if (a >= 1e6) return gamma_uniform(a, half, true);
    double const q = half < a + 1 ? 1 - gamma_below(a, half) : gamma_above(a, half);
    return q < 0 ? 0 : q;
}
