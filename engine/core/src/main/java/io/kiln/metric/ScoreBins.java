package io.kiln.metric;

/**
 * Bins over [0, 1] that are narrow at both ends: by the ordered bits of a score below 0.5 (exponent, and the first bits
 * of the mantissa), and by those of one minus the score above. No bin is wider than 6.2e-5, nor than 1/256 of the
 * score, or of one minus the score: 1e-30 and 1.01e-30 are as distinct as 0.30 and 0.31.
 */
final class ScoreBins {
    private static final int MANTISSA = 23;
    private static final int MAX_BITS = 12;
    private static final int MIN_BITS = 8;
    private static final int SUBNORMAL = Float.MIN_EXPONENT - 1;
    /** Exponent of the largest scores below 0.5. */
    private static final int LAST = -2;

    /** The first bin of each exponent from {@link #SUBNORMAL}; after the last one that of 0.5. */
    private static final int[] START = starts();

    /** The number of bins below 0.5, whose own bin is the next. */
    private static final int MIDDLE = START[START.length - 1];

    /** One minus a score is 0, or at least this; bins of smaller numbers are not needed above 0.5. */
    private static final int SMALLEST = below(0x1p-24f);

    /** The number of bins. */
    static final int COUNT = MIDDLE + 1 + MIDDLE - SMALLEST + 1;

    private ScoreBins() {}

    private static int[] starts() {
        int[] start = new int[LAST - SUBNORMAL + 2];
        for (int e = SUBNORMAL; e <= LAST; e++) {
            start[e - SUBNORMAL + 1] = start[e - SUBNORMAL] + (1 << bits(e));
        }
        return start;
    }

    private static int bits(int exponent) {
        return Math.max(MIN_BITS, MAX_BITS - (LAST - exponent));
    }

    /** The bin of a score in [0, 1]; larger scores have the same or a larger one. */
    static int of(float score) {
        if (score < 0.5f) {
            return below(score + 0f);
        } else if (score == 0.5f) {
            return MIDDLE;
        }
        float rest = 1 - score;
        return rest == 0 ? COUNT - 1 : COUNT - 2 - (below(rest) - SMALLEST);
    }

    private static int below(float x) {
        int raw = Float.floatToRawIntBits(x);
        int exponent = (raw >>> MANTISSA) - Float.MAX_EXPONENT;
        int mantissa = raw & (1 << MANTISSA) - 1;
        return START[exponent - SUBNORMAL] + (mantissa >>> MANTISSA - bits(exponent));
    }
}
