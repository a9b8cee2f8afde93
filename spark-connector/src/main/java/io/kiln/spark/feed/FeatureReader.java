package io.kiln.spark.feed;

import java.util.Locale;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.unsafe.Platform;

/**
 * Reads the features of one row after another and checks them. What it gives is valid until the next row is asked for: it may
 * be memory that Spark uses again.
 *
 * <p>Concurrency: used by one thread.
 */
public final class FeatureReader {
    private static final int[] NO_INDICES = new int[0];
    private static final long EXPONENTS = 0x7f80_0000_7f80_0000L;
    private static final long FINITE_UNITS = 0x0080_0000_0080_0000L;
    private static final long WHOLE_UNITS = (0x8000_0000L - Float.floatToIntBits(Float32.WHOLE)) * 0x1_0000_0001L;
    private static final long SIGNS = 0x8000_0000_8000_0000L;
    private static final long LOW = 0xffff_ffffL;
    private static final int UDT_FIELDS = 4;
    private static final int UDT_INDICES = 2;
    private static final int UDT_VALUES = 3;

    private final FeatureType type;
    private final boolean containsNull;
    private final int width;
    private final float[] dense;
    private Object base;
    private long offset;
    private byte[] bytes;
    private int[] indices = NO_INDICES;
    private float[] sparse;

    /**
     * Makes a reader.
     *
     * @param type kind of the column
     * @param containsNull whether arrays may contain nulls
     * @param width expected number of features
     */
    public FeatureReader(FeatureType type, boolean containsNull, int width) {
        this.type = type;
        this.containsNull = containsNull;
        this.width = width;
        this.dense = new float[type == FeatureType.VECTOR || type == FeatureType.DOUBLES ? width : 0];
    }

    /**
     * Reads the features of a row.
     *
     * @param row a row
     * @param ordinal the place of the features in it
     * @return what is wrong with them, or null when nothing is
     */
    String read(InternalRow row, int ordinal) {
        indices = null;
        base = dense;
        offset = Platform.FLOAT_ARRAY_OFFSET;
        if (row.isNullAt(ordinal)) {
            return "is null; fill or drop such rows";
        }
        return switch (type) {
            case VECTOR -> vector(row.getStruct(ordinal, UDT_FIELDS));
            case FLOATS -> floats(row.getArray(ordinal));
            case DOUBLES -> doubles(row.getArray(ordinal));
            case BYTES -> {
                bytes = row.getBinary(ordinal);
                yield length(bytes.length);
            }
        };
    }

    /** Whether the row read last is sparse. */
    boolean isSparse() {
        return indices != null;
    }

    byte[] bytes() {
        return bytes;
    }

    /** What holds the floats of a dense row, as {@link Platform} wants it. */
    Object denseBase() {
        return base;
    }

    /** Where in {@link #denseBase} they are. */
    long denseOffset() {
        return offset;
    }

    int[] indices() {
        return indices;
    }

    float[] sparse() {
        return sparse;
    }

    private String length(int got) {
        return got == width
                ? null
                : String.format(
                        Locale.ROOT,
                        "has %d features, expected %d; give all rows the same length and set inputShape to it",
                        got,
                        width);
    }

    private String vector(InternalRow v) {
        boolean isDense = v.getByte(0) == 1;
        double[] values = v.getArray(UDT_VALUES).toDoubleArray();
        int size = isDense ? values.length : v.getInt(1);
        String wrong = length(size);
        if (wrong != null) {
            return wrong;
        }
        if (isDense) {
            return narrow(values, null, dense);
        }
        int[] at = v.getArray(UDT_INDICES).toIntArray();
        indices = at;
        sparse = new float[values.length];
        wrong = narrow(values, at, sparse);
        if (2 * at.length >= width && wrong == null) { // as large as the dense row
            java.util.Arrays.fill(dense, 0);
            for (int i = 0; i < at.length; i++) {
                dense[at[i]] = sparse[i];
            }
            indices = null;
        }
        return wrong;
    }

    private String floats(ArrayData a) {
        String wrong = length(a.numElements());
        if (wrong == null && containsNull) {
            wrong = nulls(a);
        }
        if (wrong != null) {
            return wrong;
        }
        if (a instanceof UnsafeArrayData u) {
            base = u.getBaseObject();
            offset = u.getBaseOffset() + UnsafeArrayData.calculateHeaderPortionInBytes(width);
        } else {
            base = a.toFloatArray();
        }
        return allBelow(FINITE_UNITS, base, offset, width) ? null : notFinite();
    }

    private String doubles(ArrayData a) {
        String wrong = length(a.numElements());
        if (wrong == null && containsNull) {
            wrong = nulls(a);
        }
        return wrong != null ? wrong : narrow(a.toDoubleArray(), null, dense);
    }

    private static String nulls(ArrayData a) {
        for (int i = 0; i < a.numElements(); i++) {
            if (a.isNullAt(i)) {
                return String.format(Locale.ROOT, "has null as feature %d; fill or drop such rows", i);
            }
        }
        return null;
    }

    private static String narrow(double[] from, int[] places, float[] to) {
        for (int i = 0; i < from.length; i++) {
            to[i] = (float) from[i];
        }
        if (!allBelow(WHOLE_UNITS, to, Platform.FLOAT_ARRAY_OFFSET, to.length)) {
            for (int i = 0; i < from.length; i++) {
                String wrong = Float32.fits(to[i]) ? null : Float32.wrong(places == null ? i : places[i], from[i]);
                if (wrong != null) {
                    return wrong;
                }
            }
        }
        return null;
    }

    /**
     * Whether no float has one of the largest exponents: to add the units carries into the sign exactly then, in both floats of a
     * long at once. A test of each element took half of the time of reading a row.
     *
     * @param units what the least of those exponents lacks of 256, in both halves: 1 finds what is not finite
     */
    private static boolean allBelow(long units, Object base, long offset, int n) {
        long found0 = 0;
        long found1 = 0;
        int i = 0;
        for (; i + 4 <= n; i += 4) {
            long at = offset + 4L * i;
            found0 |= (Platform.getLong(base, at) & EXPONENTS) + units;
            found1 |= (Platform.getLong(base, at + 8) & EXPONENTS) + units;
        }
        for (; i < n; i++) {
            found0 |= (Platform.getInt(base, offset + 4L * i) & EXPONENTS & LOW) + (units & LOW);
        }
        return ((found0 | found1) & SIGNS) == 0;
    }

    private String notFinite() {
        for (int i = 0; ; i++) {
            float x = Platform.getFloat(base, offset + 4L * i);
            if (!Float.isFinite(x)) {
                return Float32.wrong(i, x);
            }
        }
    }
}
