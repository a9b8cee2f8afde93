package io.kiln.spark.feed;

/**
 * Which numbers a float32 feature takes: finite ones, and of the whole numbers only those that it holds exactly. Up to 2^24 it
 * holds all of them. A larger one that would become a neighbour is most likely an id, of which no digit may be lost.
 */
public final class Float32 {
    /** From here on not every whole number is a float32. */
    static final float WHOLE = 1 << 24;

    private Float32() {}

    /**
     * Whether a converted feature is surely right: the quick test, which nearly all numbers pass. For others ask {@link #wrong}.
     *
     * @param converted the nearest float32 of a feature
     * @return false for magnitudes from 2^24 on and for NaN
     */
    public static boolean fits(float converted) {
        return Math.abs(converted) < WHOLE;
    }

    /**
     * What is wrong with a feature.
     *
     * @param index its place in the row
     * @param x the feature
     * @return the words for the message; null when nothing is
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
     * What is wrong with a whole number as a feature.
     *
     * @param index its place in the row
     * @param x the number
     * @return the words for the message; null when nothing is
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
                + " make ids small with StringIndexer or FeatureHasher, scale quantities";
    }

    private static String plain(Number x) {
        return x instanceof Long ? x.toString() : new java.math.BigDecimal(x.doubleValue()).toPlainString();
    }
}
