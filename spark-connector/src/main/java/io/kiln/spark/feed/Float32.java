package io.kiln.spark.feed;

/**
 * Decides which numbers are accepted as float32 features: finite ones, and whole numbers only if they are represented
 * exactly. Up to 2^24 all are. A larger one that would be rounded is most likely an id, which must not change.
 */
public final class Float32 {
    /** From here on, some whole numbers are not representable in float32. */
    static final float WHOLE = 1 << 24;

    private Float32() {}

    /**
     * Whether a converted feature is certainly valid: a quick test that nearly all numbers pass. For others call
     * {@link #wrong}.
     *
     * @param converted the nearest float32 of a feature
     * @return false for magnitudes from 2^24 on and for NaN
     */
    public static boolean fits(float converted) {
        return Math.abs(converted) < WHOLE;
    }

    /**
     * Describes what is wrong with a feature.
     *
     * @param index its index in the row
     * @param x the feature
     * @return text for the message; null if nothing is wrong
     */
    public static String wrong(int index, double x) {
        float f = (float) x;
        if (!Float.isFinite(f)) {
            return "has " + x + " as feature " + index
                    + ", expected a finite float32; fill, drop or scale such rows, or set handleInvalid";
        }
        return f != x && x == Math.rint(x) && Math.abs(x) > WHOLE ? notExact(index, x, f) : null;
    }

    /**
     * Describes what is wrong with a whole number as a feature.
     *
     * @param index its index in the row
     * @param x the number
     * @return text for the message; null if nothing is wrong
     */
    public static String wrong(int index, long x) {
        float f = x;
        // The largest long is not a float: it would round to 2^63 and convert back to itself.
        boolean exact = (long) f == x && f != 0x1p63f;
        return exact ? null : notExact(index, x, f);
    }

    private static String notExact(int index, Number x, float f) {
        return "has the whole number " + plain(x) + " as feature " + index + ", which would become " + plain(f)
                + ": features are float32, and hold whole numbers exactly up to 16777216 (2^24);"
                + " map ids to small numbers with StringIndexer or FeatureHasher, scale quantities";
    }

    private static String plain(Number x) {
        return x instanceof Long ? x.toString() : new java.math.BigDecimal(x.doubleValue()).toPlainString();
    }
}
