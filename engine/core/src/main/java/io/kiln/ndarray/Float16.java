package io.kiln.ndarray;

/** Conversions of the 16-bit floating dtypes as bits, rounding to nearest even. Java 17 has none. */
public final class Float16 {
    private Float16() {}

    /**
     * Converts an IEEE 754 binary16.
     *
     * @param half its bits
     * @return the value, exactly
     */
    public static float toFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int magnitude = half & 0x7fff;
        if (magnitude >= 0x7c00) {
            return Float.intBitsToFloat(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
        }
        // A half read as the upper bits of a float is off by a power of two only, subnormals included.
        float f = Float.intBitsToFloat(magnitude << 13) * 0x1p112f;
        return Float.intBitsToFloat(Float.floatToRawIntBits(f) | sign);
    }

    /**
     * Returns the binary16 nearest to a value.
     *
     * @param value any float
     * @return its bits; infinity if the value is too large
     */
    public static short fromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        int magnitude = bits & 0x7fffffff;
        if (magnitude > 0x7f800000) {
            return (short) (sign | 0x7e00 | magnitude >>> 13 & 0x3ff);
        }
        if (magnitude >= 0x477ff000) {
            return (short) (sign | 0x7c00);
        }
        if (magnitude < 0x38800000) {
            // Adding 0.5 lets the float unit round to a multiple of 2^-24, the spacing of subnormal halves.
            float f = Float.intBitsToFloat(magnitude) + 0.5f;
            return (short) (sign | Float.floatToRawIntBits(f) - 0x3f000000);
        }
        int rounded = magnitude + 0xfff + (magnitude >>> 13 & 1) - 0x38000000;
        return (short) (sign | rounded >>> 13);
    }

    /**
     * Converts a bfloat16.
     *
     * @param brain its bits
     * @return the value, exactly
     */
    public static float brainToFloat(short brain) {
        return Float.intBitsToFloat(brain << 16);
    }

    /**
     * Returns the bfloat16 nearest to a value.
     *
     * @param value any float
     * @return its bits
     */
    public static short brainFromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7fffffff) > 0x7f800000) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }
}
