"""Aggregates of several arguments, naively: from the list of all tuples. Each mean and covariance is exact and rounded
once; what follows is the same sequence of operations on doubles as in the program.

SPDX-License-Identifier: Apache-2.0
"""

import math
from fractions import Fraction

PAIRS = ("covar", "covar_samp", "covar_pop", "corr", "ratio", "ratio_var")
KINDS = (*PAIRS, "cuped_mean", "cuped_var")
LEAST_PIVOT = 1e-12


def nearest(fraction):
    """Infinite where it is beyond the range of doubles."""
    try:
        return float(fraction)
    except OverflowError:
        return math.inf if fraction > 0 else -math.inf


def divided(over, under):
    """As the processor does it."""
    if under == 0:
        return math.nan if over == 0 or math.isnan(over) else math.copysign(math.inf, over)
    return over / under


class Sample:
    def __init__(self, tuples):
        if any(isinstance(value, float) for row in tuples for value in row):
            tuples = [[float(value) for value in row] for row in tuples]
            self.real = True
        else:
            self.real = False
        self.columns = [[Fraction(value) for value in column] for column in zip(*tuples)]
        self.n = len(tuples)

    def sum(self, i):
        return sum(self.columns[i])

    def mean(self, i):
        return nearest(self.sum(i) / self.n)

    def covariance(self, i, j, divisor):
        products = sum(x * y for x, y in zip(self.columns[i], self.columns[j]))
        return nearest((self.n * products - self.sum(i) * self.sum(j)) / (self.n * divisor))

    def ratio(self):
        if not self.real:
            return nearest(self.sum(0) / self.sum(1)) if self.sum(1) else math.nan
        under = nearest(self.sum(1))
        return divided(nearest(self.sum(0)), under) if math.isfinite(under) else math.nan


def correlation(sample):
    x, y = math.sqrt(sample.covariance(0, 0, sample.n)), math.sqrt(sample.covariance(1, 1, sample.n))
    if not 0 < x * y < math.inf:
        return None
    return max(-1.0, min(1.0, sample.covariance(0, 1, sample.n) / (x * y)))


class TooWide(Exception):
    """The program's exact numbers have 575 bits and 76 digits behind the point."""


def held(number):
    """The number, if the program can hold it."""
    scale = 0
    while (number * 10**scale).denominator != 1:
        scale += 1
    if scale > 76 or abs(number * 10**scale) >= 2**575:
        raise TooWide
    return number


def exact_ratio_variance(sample):
    """One rounding of the exact figure; None where the program has to use doubles."""
    x, y = sample.columns
    sx, sy = sum(x), sum(y)
    try:
        under = held(held(held(held(sy * sy) * held(sy * sy))) * (sample.n - 1))
        of_x, of_y = (held(held(s * s) * sum(a * a for a in column)) for s, column in ((sy, x), (sx, y)))
        both = held(held(sx * sy) * sum(a * b for a, b in zip(x, y)))
        over = held(held(held(held(of_x + of_y) - held(2 * both)) * sample.n))
    except TooWide:
        return None
    return nearest(over / under)


def ratio_variance(sample):
    if sample.n < 2:
        return None
    exact = None if sample.real or not sample.sum(1) else exact_ratio_variance(sample)
    if exact is not None:
        return exact if math.isfinite(exact) else None
    quotient, y = sample.ratio(), sample.mean(1)
    of_x, of_both, of_y = (sample.covariance(i, j, sample.n - 1) for i, j in ((0, 0), (0, 1), (1, 1)))
    apart = of_x - 2 * quotient * of_both + quotient * quotient * of_y
    if math.isinf(y * y):
        return None
    return divided(divided(0.0 if apart < 0 else apart, y * y), float(sample.n))


def factorised(matrix):
    """Cholesky's lower triangle; None: singular."""
    for j, row in enumerate(matrix):
        for i in range(j, len(matrix)):
            rest = matrix[i][j]
            for k in range(j):
                rest -= matrix[i][k] * row[k]
            if i == j and not rest > LEAST_PIVOT:
                return None
            matrix[i][j] = math.sqrt(rest) if i == j else rest / row[j]
    return matrix


def slopes_of(sample):
    size = len(sample.columns) - 1
    deviation = [math.sqrt(sample.covariance(i + 1, i + 1, sample.n)) for i in range(size)]
    if not all(0 < value < math.inf for value in deviation):
        return None
    x = [sample.covariance(0, i + 1, sample.n) / deviation[i] for i in range(size)]
    factor = factorised([[1.0 if i == j else sample.covariance(i + 1, j + 1, sample.n) / deviation[i] / deviation[j]
                          for j in range(size)] for i in range(size)])
    if factor is None:
        return None
    for i in range(size):
        for k in range(i):
            x[i] -= factor[i][k] * x[k]
        x[i] /= factor[i][i]
    for i in reversed(range(size)):
        for k in range(i + 1, size):
            x[i] -= factor[k][i] * x[k]
        x[i] /= factor[i][i]
    return [value / deviation[i] for i, value in enumerate(x)]


def cuped(kind, pooled, chosen):
    if chosen.n < (1 if kind == "cuped_mean" else 2) or (slopes := slopes_of(pooled)) is None:
        return None
    if kind == "cuped_mean":
        result = chosen.mean(0)
        for i, slope in enumerate(slopes):
            result -= slope * (chosen.mean(i + 1) - pooled.mean(i + 1))
        return result
    result = chosen.covariance(0, 0, chosen.n - 1)
    for i, slope in enumerate(slopes):
        inner = -2 * chosen.covariance(0, i + 1, chosen.n - 1)
        for j, other in enumerate(slopes):
            inner += other * chosen.covariance(i + 1, j + 1, chosen.n - 1)
        result += slope * inner
    return 0.0 if result < 0 else result


def aggregate(kind, tuples, chosen=None):
    """TUPLES without a null; CHOSEN of them, where not all are."""
    if not tuples:
        return None
    sample = Sample(tuples)
    if kind in ("covar", "covar_samp"):
        return sample.covariance(0, 1, sample.n - 1) if sample.n > 1 else None
    if kind == "covar_pop":
        return sample.covariance(0, 1, sample.n)
    if kind == "corr":
        return correlation(sample)
    if kind == "ratio":
        return sample.ratio()
    if kind == "ratio_var":
        return ratio_variance(sample)
    return cuped(kind, sample, sample if chosen is None else Sample(chosen))
