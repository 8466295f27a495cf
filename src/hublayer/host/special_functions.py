"""The gamma function's relatives and the incomplete beta function, in NumPy.

Computed in float64, by series, continued fractions (modified Lentz) and asymptotic expansions as in the NIST Digital
Library of Mathematical Functions: 5.11 and 5.15 (digamma, polygamma), 8.9 and 8.11 (incomplete gamma), 8.17 (incomplete
beta), 25.11 (Hurwitz zeta).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from hublayer.host.elementwise import computed
from hublayer.host.registry import host_op

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_STEPS = 100_000  # at which series and fractions give up; they end when nothing changes
_TINY = 1e-300


def _by_pairs(function: Callable[..., float]) -> Callable[..., np.ndarray]:
    """A function of Python floats over arrays that broadcast."""

    def call(*inputs: np.ndarray) -> np.ndarray:
        arrays = np.broadcast_arrays(*(x.astype(np.float64) for x in inputs))
        found = [function(*values) for values in zip(*(x.ravel().tolist() for x in arrays), strict=True)]
        return np.array(found, np.float64).reshape(arrays[0].shape)

    return call


def digamma(x: float) -> float:
    """The derivative of log Γ; NaN at its poles."""
    if math.isnan(x) or x == -math.inf or (x <= 0 and x == math.floor(x)):
        return math.nan
    if x < 0:
        return digamma(1 - x) - math.pi / math.tan(math.pi * math.fmod(x, 1))
    shift = 0.0
    while x < 10:
        shift -= 1 / x
        x += 1
    terms = (b / (2 * k * x ** (2 * k)) for k, b in enumerate(_BERNOULLI, 1))
    return shift + math.log(x) - 0.5 / x - sum(terms) if x < math.inf else math.inf


def zeta(s: float, q: float) -> float:
    """The Hurwitz zeta function, the sum of (k + q) ** -s over k ≥ 0, for s > 1; by Euler and Maclaurin."""
    if s == 1:
        return math.inf
    if math.isnan(s) or math.isnan(q) or s < 1:
        return math.nan
    if q <= 0:
        if q == -math.inf or s == math.inf or q == math.floor(q):
            return math.inf if s == math.inf or s % 2 == 0 else math.nan
        if s != math.floor(s):
            return math.nan
        if q < -_STEPS:  # too many terms to add one by one
            part = q - math.floor(q)
            below = zeta(s, 1 - part) - zeta(s, 1 - q)
            return zeta(s, part) + (-below if s % 2 else below)
    if s == math.inf:
        return 1.0 if q == 1 else 0.0 if q > 1 else math.inf
    if q == math.inf:
        return 0.0
    try:
        total = 0.0
        while q < 10:
            total += q**-s
            q += 1
        total += q ** (1 - s) / (s - 1) + 0.5 * q**-s
        factor = s * q ** (-s - 1)
        for k, b in enumerate(_BERNOULLI, 1):
            total += b / math.factorial(2 * k) * factor
            factor *= (s + 2 * k - 1) * (s + 2 * k) / (q * q)
    except OverflowError:
        return -math.inf if q < 0 and s % 2 else math.inf
    return total


def polygamma(a: float, x: float) -> float:
    """The derivative number `a`, a whole number, of the digamma function."""
    if math.isnan(a) or math.isnan(x) or a < 0 or (a < math.inf and a != math.floor(a)):
        return math.nan
    if a == 0:
        return digamma(x)
    try:
        factorial = math.exp(math.lgamma(a + 1))
    except OverflowError:
        factorial = math.inf
    sign = -1 if (a + 1) % 2 == 1 else 1  # an order too large for its neighbour is even
    return sign * factorial * zeta(a + 1, x)


def _gamma_parts(a: float, x: float) -> tuple[float, float]:
    """The regularised lower and upper incomplete gamma functions, of which one is computed and the other follows."""
    if x == 0:
        return 0.0, 1.0 if a > 0 else math.nan
    if math.isnan(a) or math.isnan(x) or a <= 0 or x < 0:
        return math.nan, math.nan
    if math.inf in (a, x):
        # Of two infinities TensorFlow has zero for both parts.
        return (0.0, float(x < math.inf)) if a == math.inf else (1.0, 0.0)
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        for k in range(1, _STEPS):
            term *= x / (a + k)
            total += term
            if term < total * 1e-17:
                break
        return total * scale, 1 - total * scale
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    fraction = d
    for k in range(1, _STEPS):
        term, b = -k * (k - a), b + 2
        d = 1 / _apart(term * d + b)
        c = _apart(b + term / c)
        fraction *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return 1 - fraction * scale, fraction * scale


def _apart(x: float) -> float:
    """`x`, or a number next to zero if it is zero."""
    return x if abs(x) > _TINY else _TINY


def betainc(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, for positive a and b and 0 ≤ x ≤ 1."""
    if a <= 0 or b <= 0 or not 0 <= x <= 1:
        return math.nan
    if x in (0, 1):
        return x
    if not math.isfinite(a + b):
        return math.nan
    scale = math.exp(a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b))
    if x > (a + 1) / (a + b + 2):
        return 1 - scale * _beta_fraction(b, a, 1 - x) / b
    return scale * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _apart(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        step = 1.0
        for term in (even, odd):
            d = 1 / _apart(1 + term * d)
            c = _apart(1 + term / c)
            step = c * d
            fraction *= step
        if abs(step - 1) < 1e-16:
            break
    return fraction


_FUNCTIONS = {
    "Digamma": digamma,
    "Zeta": zeta,
    "Polygamma": polygamma,
    "Igamma": lambda a, x: _gamma_parts(a, x)[0],
    "Igammac": lambda a, x: _gamma_parts(a, x)[1],
    "Betainc": betainc,
}


def _bind(function: Callable[..., float]) -> Callable[..., np.ndarray]:
    return lambda *inputs: computed(_by_pairs(function), *inputs)


for _op, _function in _FUNCTIONS.items():
    host_op(_op)(_bind(_function))
