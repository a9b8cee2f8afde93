package io.kiln.optim;

/**
 * One rise and one longer decay, both along half a cosine: from \(\eta / d\) at the first step to \(\eta\) after the
 * share p of the n steps, then to \(\eta / (d f)\) at their end, where it stays. L. Smith, N. Topin, arXiv:1708.07120.
 *
 * @param peak \(\eta\), the largest rate
 * @param steps n, the number of steps of the cycle
 * @param rise p, the share of them in which the rate rises, in (0, 1)
 * @param divisor d, the peak divided by the rate of the first step, at least 1
 * @param finalDivisor f, the rate of the first step divided by that of the last, at least 1
 */
public record OneCycle(double peak, long steps, double rise, double divisor, double finalDivisor) implements Schedule {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public OneCycle {
        Check.atLeastZero("oneCycle", "peak", peak);
        Check.positive("oneCycle", "steps", steps);
        Check.positive("oneCycle", "rise", rise);
        Check.fraction("oneCycle", "rise", rise);
        if (!(divisor >= 1 && finalDivisor >= 1)) {
            throw new IllegalArgumentException(
                    "oneCycle: divisors must be >= 1, got " + divisor + " and " + finalDivisor);
        }
    }

    /**
     * Creates the default cycle of PyTorch and optax: {@code rise = 0.3, divisor = 25, finalDivisor = 1e4}.
     *
     * @param peak the largest rate
     * @param steps the number of steps of the cycle
     */
    public OneCycle(double peak, long steps) {
        this(peak, steps, 0.3, 25, 1e4);
    }

    @Override
    public double at(long step) {
        double low = peak / divisor;
        long top = (long) (rise * steps);
        long i = Math.min(step - 1, steps);
        return i < top ? between(low, peak, i, top) : between(peak, low / finalDivisor, i - top, steps - top);
    }

    private static double between(double from, double to, long i, long n) {
        return to + (from - to) * (1 + Math.cos(Math.PI * i / n)) / 2;
    }
}
