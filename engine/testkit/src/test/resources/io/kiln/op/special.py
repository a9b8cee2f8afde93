"""Writes special.txt beside this file: arguments, values and first derivatives of functions of one number, from mpmath.

Each value is that at the very double that the line names, worked out in 240 bits and rounded once. Needs mpmath 1.3.
"""

import math
import pathlib
import struct

import mpmath
from mpmath import mp, mpf

mp.prec = 240
HALF = mpf(1) / 2
PI = mp.pi


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def next32(x, up):
    bits = struct.unpack("i", struct.pack("f", x))[0]
    step = 1 if (x > 0) == up else -1
    return struct.unpack("f", struct.pack("i", bits + step))[0]


def around(z):
    """The doubles and floats nearest to a number, and their neighbours."""
    d, f = float(z), f32(float(z))
    out = [d, math.nextafter(d, -math.inf), math.nextafter(d, math.inf), f]
    return out + ([next32(f, True), next32(f, False)] if f != 0 else [])


def spread(low, high, n, sign=False):
    """Numbers from low to high at equal ratios."""
    xs = [low * (high / low) ** (i / (n - 1)) for i in range(n)]
    xs = [f32(x) if 1e-37 < x < 3e38 else x for x in xs]
    return xs + ([-x for x in xs] if sign else [])


def line(low, high, n):
    return [f32(low + (high - low) * i / (n - 1)) for i in range(n)]


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def softplus(x):
    return mp.log1p(mp.exp(x)) if x < 300 else x + mp.exp(-x)


def erfinv(x):
    if abs(x) >= 1:
        return mp.sign(x) * mp.inf if abs(x) == 1 else mp.nan
    if x == 0:
        return mpf(0)
    a = abs(x)
    y = mp.erfinv(a) if a < mpf("0.9") else mp.sqrt(-mp.log((1 - a) * mp.sqrt(PI)))
    for _ in range(40):
        u = ((1 - a) - mp.erfc(y)) / (2 / mp.sqrt(PI) * mp.exp(-y * y))
        step = -u / (1 - y * u) if abs(u * y) < HALF else -u / 2
        y, old = y + step * 1, y
        if abs(y - old) <= abs(y) * mpf(2) ** -200:
            break
    return mp.sign(x) * y


def lgamma(x):
    return mp.log(abs(mp.gamma(x))) if abs(x) < 1e5 else mp.re(mp.loggamma(x)) if x > 0 else reflected(x)


def reflected(x):
    return mp.log(PI / abs(x * mp.sinpi(x))) - mp.re(mp.loggamma(-x))


BERNOULLI = [mp.bernoulli(2 * k) for k in range(1, 41)]


def psi(n, x):
    """The polygamma function by recurrence and its asymptotic series; mpmath's own takes minutes below 0."""
    if x < -1000:
        if n > 0 or x == mp.floor(x):
            raise ValueError("too many steps")
        return psi(0, 1 - x) - PI * mp.cot(PI * x)
    total, z = mpf(0), mpf(x)
    while z < 50:
        total += 1 / z ** (n + 1)
        z += 1
    if n == 0:
        tail = mp.log(z) - HALF / z - mp.fsum(b / (2 * k * z ** (2 * k)) for k, b in enumerate(BERNOULLI, 1))
        return tail - total
    tail = mp.factorial(n - 1) / z**n + mp.factorial(n) / (2 * z ** (n + 1))
    tail += mp.fsum(
        b * mp.factorial(2 * k + n - 1) / mp.factorial(2 * k) / z ** (2 * k + n) for k, b in enumerate(BERNOULLI, 1)
    )
    return (-1) ** (n + 1) * (tail + mp.factorial(n) * total)


def poly(n):
    return lambda x: psi(n, x)


def root(f, low, high):
    """The zero between two numbers, by halving."""
    low, high = mpf(low), mpf(high)
    rising = f(high) > 0
    for _ in range(200):
        middle = (low + high) / 2
        if (f(middle) > 0) == rising:
            high = middle
        else:
            low = middle
    return low


def between(f, n):
    """Zeros of digamma or of a polygamma of even order between the poles -n - 1 and -n."""
    return around(root(f, mpf(-n - 1) + mpf("1e-3"), mpf(-n) - mpf("1e-3")))


def lgamma_zeros(n):
    """Both zeros of lgamma between the poles -n - 1 and -n, n from 2 on."""
    lowest = root(poly(0), mpf(-n - 1) + mpf("1e-3"), mpf(-n) - mpf("1e-3"))
    tiny = mpf(2) ** -120
    return around(root(lgamma, -n - 1 + tiny, lowest)) + around(root(lgamma, lowest, -n - tiny))


def elu(alpha, scale=1):
    return lambda x: scale * (x if x > 0 else alpha * mp.expm1(x))


def elu_slope(alpha, scale=1):
    return lambda x: mpf(scale) if x > 0 else scale * alpha * mp.exp(x)


ALPHA, SCALE = mpf(1.6732632423543772), mpf(1.0507009873554805)
CUBIC = mpf(0.044715)
TINY = [0.0, -0.0, 5e-324, 1e-310, f32(1e-45), f32(-1e-40), 2.0**-126, 2.0**-1022, f32(-1e-30), f32(1e-8)]
BIG = [f32(1e10), f32(-1e10), f32(3e38), f32(-3e38), 1.7e308, -1.7e308, math.inf, -math.inf, math.nan]
WIDE = spread(1e-6, 40, 40, True) + TINY + BIG + line(-3, 3, 61)
TAIL = WIDE + line(-104, -30, 38) + line(30, 104, 20) + [-700.5, -708.25, -720.0, -740.0, -746.0, 709.5, 710.5, 746.0]
UNIT = spread(1e-7, 0.999, 30, True) + TINY + line(-1, 1, 41) + [
    1.5, -1.5, math.nan, 1 - 2.0**-53, 1 - 1e-12, -1 + 1e-9, next32(1.0, False), -next32(1.0, False), f32(0.999999), f32(0.99999)]
POSITIVE = spread(1e-300, 1e300, 40) + spread(1e-37, 3e38, 40) + TINY + BIG + around(1) + line(0.5, 2, 31) + [
    2.0, 4.0, 8.0, 1024.0, 10.0, 100.0, 1000.0, -1.0]

GAMMA = spread(1e-300, 1e300, 30) + spread(1e-6, 100, 60, True) + TINY + BIG + line(-12.9, 12.9, 130) + [
    x for n in range(0, 8) for x in around(n) if x != 0] + [x for n in (1, 2, 3, 10, 30) for x in around(-n)] + [
    -100.5, -1000.25, -170.625, 171.5, 1e17, 1e15 + 0.5]
GAMMA = [x for x in GAMMA if x > -200]
ZEROS = [0, 1, 2, 3, 4, 5, 6, 9, 10, 14, 19, 29, 30, 31, 60]


def normal(x):
    """Φ(x), the distribution function of the normal distribution."""
    return mp.erfc(-x / mp.sqrt(2)) / 2


def density(x):
    return mp.exp(-x * x / 2) / mp.sqrt(2 * PI)


def tanh_inner(x):
    return mp.sqrt(2 / PI) * (x + CUBIC * x**3)


def tanh_gelu_slope(x):
    s = sigmoid(2 * tanh_inner(x))
    return s + 2 * x * s * sigmoid(-2 * tanh_inner(x)) * mp.sqrt(2 / PI) * (1 + 3 * CUBIC * x**2)

NEXT_TO_POLES = [x for n in [*range(1, 34), 50, 99, 150] for x in around(-n) if x != -n]

TABLE = {
    "exp": (mp.exp, mp.exp, TAIL),
    "expm1": (mp.expm1, mp.exp, TAIL),
    "exp2": (lambda x: mpf(2) ** x, lambda x: mpf(2) ** x * mp.log(2), TAIL + [-149.0, -150.0, 127.0, 1023.0]),
    "log": (mp.log, lambda x: 1 / x, POSITIVE),
    "log1p": (mp.log1p, lambda x: 1 / (1 + x), [x for x in WIDE + POSITIVE + UNIT if not x < -1] + [-1.0, -2.0]),
    "log2": (lambda x: mp.log(x) / mp.log(2), lambda x: 1 / x / mp.log(2), POSITIVE),
    "log10": (mp.log10, lambda x: 1 / x / mp.log(10), POSITIVE),
    "rsqrt": (lambda x: 1 / mp.sqrt(x), lambda x: -HALF / x / mp.sqrt(x), POSITIVE),
    "cbrt": (lambda x: mp.sign(x) * mp.cbrt(abs(x)), lambda x: 1 / (3 * mp.cbrt(abs(x)) ** 2), POSITIVE + WIDE),
    "sin": (mp.sin, mp.cos, WIDE + around(mp.pi) + around(355)),
    "cos": (mp.cos, lambda x: -mp.sin(x), WIDE + around(mp.pi / 2) + around(355)),
    "tan": (mp.tan, lambda x: 1 + mp.tan(x) ** 2, WIDE + around(mp.pi / 2) + around(mp.pi)),
    "asin": (mp.asin, lambda x: 1 / mp.sqrt((1 - x) * (1 + x)), UNIT),
    "acos": (mp.acos, lambda x: -1 / mp.sqrt((1 - x) * (1 + x)), UNIT),
    "atan": (mp.atan, lambda x: 1 / (1 + x * x), WIDE),
    "sinh": (mp.sinh, mp.cosh, TAIL),
    "cosh": (mp.cosh, mp.sinh, TAIL),
    "tanh": (mp.tanh, lambda x: 1 / mp.cosh(x) ** 2, TAIL),
    "asinh": (mp.asinh, lambda x: 1 / mp.sqrt(x * x + 1), WIDE + POSITIVE),
    "acosh": (mp.acosh, lambda x: 1 / mp.sqrt((x - 1) * (x + 1)), POSITIVE + spread(1, 40, 40)),
    "atanh": (mp.atanh, lambda x: 1 / ((1 - x) * (1 + x)), UNIT),
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * sigmoid(-x), TAIL),
    "logSigmoid": (lambda x: -softplus(-x), lambda x: sigmoid(-x), TAIL),
    "softplus": (softplus, sigmoid, TAIL),
    "silu": (lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * sigmoid(-x)), TAIL),
    "gelu": (lambda x: x * normal(x), lambda x: normal(x) + x * density(x), TAIL + line(-40, -3, 75)),
    "approximateGelu": (lambda x: x * sigmoid(2 * tanh_inner(x)), tanh_gelu_slope, TAIL + line(-23, -3, 81)),
    "mish": (
        lambda x: x * mp.tanh(softplus(x)),
        lambda x: mp.tanh(softplus(x)) + x * sigmoid(x) / mp.cosh(softplus(x)) ** 2,
        TAIL,
    ),
    "elu": (elu(1.5), elu_slope(1.5), TAIL),
    "selu": (elu(ALPHA, SCALE), elu_slope(ALPHA, SCALE), TAIL),
    "celu": (
        lambda x: x if x > 0 else 2 * mp.expm1(x / 2),
        lambda x: mpf(1) if x > 0 else mp.exp(x / 2),
        TAIL,
    ),
    "softsign": (lambda x: x / (1 + abs(x)), lambda x: 1 / (1 + abs(x)) ** 2, WIDE),
    "logit": (lambda x: mp.log(x) - mp.log1p(-x), lambda x: 1 / (x * (1 - x)), UNIT + around(HALF) + line(0.4, 0.6, 41)),
    "erf": (mp.erf, lambda x: 2 / mp.sqrt(PI) * mp.exp(-x * x), WIDE),
    "erfc": (
        mp.erfc,
        lambda x: -2 / mp.sqrt(PI) * mp.exp(-x * x),
        WIDE + line(0, 10, 81) + line(10, 27, 18) + [26.5, 27.2, 28.0],
    ),
    "erfinv": (erfinv, lambda x: mp.sqrt(PI) / 2 * mp.exp(erfinv(x) ** 2), UNIT),
    "lgamma": (
        lgamma,
        poly(0),
        GAMMA + [-12345.75, -1e10 - 0.5, -1e17] + [x for n in range(2, 22) for x in lgamma_zeros(n)] + NEXT_TO_POLES,
    ),
    "digamma": (
        poly(0),
        poly(1),
        GAMMA
        + around(mp.findroot(mp.digamma, 1.46))
        + [x for n in [*ZEROS, 150, 1000, 123456, 10**9, 10**12, 10**14] for x in between(poly(0), n)]
        + NEXT_TO_POLES,
    ),
    "polygamma1": (poly(1), poly(2), GAMMA + NEXT_TO_POLES),
    "polygamma2": (poly(2), poly(3), GAMMA + [x for n in ZEROS for x in between(poly(2), n)]),
    "polygamma3": (poly(3), poly(4), GAMMA),
    "polygamma4": (poly(4), poly(5), GAMMA + [x for n in ZEROS for x in between(poly(4), n)]),
    "polygamma6": (poly(6), poly(7), GAMMA + [x for n in ZEROS for x in between(poly(6), n)]),
}


def at(f, x):
    """The value as a double; None where mpmath has none (ends are the test's own rows)."""
    try:
        v = mp.mpf(f(mpf(x)))
    except (ValueError, ZeroDivisionError, OverflowError, TypeError, mpmath.libmp.NoConvergence):
        return None
    try:
        return float(v)
    except OverflowError:
        return math.copysign(math.inf, v)


def main():
    rows = []
    for name, (f, slope, xs) in TABLE.items():
        seen = set()
        for x in sorted((x for x in xs if not math.isnan(x)), key=lambda v: (v, math.copysign(1, v))):
            if repr(x) in seen or math.isinf(x):
                continue
            seen.add(repr(x))
            y = at(f, x)
            if y is None or math.isnan(y):
                continue
            g = at(slope, x)
            rows.append(f"{name}\t{x!r}\t{y!r}\t{'' if g is None or math.isnan(g) else repr(g)}")
    out = pathlib.Path(__file__).with_name("special.txt")
    out.write_text("\n".join(rows).replace("inf", "Infinity") + "\n")


main()
