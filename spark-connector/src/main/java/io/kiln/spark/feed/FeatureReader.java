package io.kiln.spark.feed;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;

/**
 * Reads the features of one row after another and checks them. The row handed in may be reused by Spark: what is needed is
 * copied out.
 *
 * <p>Concurrency: used by one thread.
 */
public final class FeatureReader {
    private static final int[] NO_INDICES = new int[0];
    private static final int UDT_FIELDS = 4;
    private static final int UDT_INDICES = 2;
    private static final int UDT_VALUES = 3;

    private final FeatureType type;
    private final boolean containsNull;
    private final int width;
    private float[] dense;
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
        this.dense = new float[type == FeatureType.BYTES ? 0 : width];
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

    float[] dense() {
        return dense;
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
                : "has %d features, expected %d; give all rows the same length and set inputShape to it"
                        .formatted(got, width);
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
            return narrow(values, dense);
        }
        int[] at = v.getArray(UDT_INDICES).toIntArray();
        indices = at;
        sparse = new float[values.length];
        wrong = narrow(values, sparse);
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
        dense = a.toFloatArray();
        if (!allFinite(dense)) {
            for (int i = 0; i < width; i++) {
                if (!Float.isFinite(dense[i])) {
                    return notFinite(i, dense[i]);
                }
            }
        }
        return null;
    }

    private String doubles(ArrayData a) {
        String wrong = length(a.numElements());
        if (wrong == null && containsNull) {
            wrong = nulls(a);
        }
        return wrong != null ? wrong : narrow(a.toDoubleArray(), dense);
    }

    private static String nulls(ArrayData a) {
        for (int i = 0; i < a.numElements(); i++) {
            if (a.isNullAt(i)) {
                return "has null as feature %d; fill or drop such rows".formatted(i);
            }
        }
        return null;
    }

    private static String narrow(double[] from, float[] to) {
        for (int i = 0; i < from.length; i++) {
            to[i] = (float) from[i];
        }
        if (!allFinite(to)) {
            for (int i = 0; i < from.length; i++) {
                if (!Float.isFinite(to[i])) {
                    return notFinite(i, from[i]);
                }
            }
        }
        return null;
    }

    /** 0 · x is 0 unless x is infinite or not a number. A test of each element took half of the time of reading a row. */
    private static boolean allFinite(float[] x) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int i = 0;
        for (; i + 4 <= x.length; i += 4) {
            s0 += 0 * x[i];
            s1 += 0 * x[i + 1];
            s2 += 0 * x[i + 2];
            s3 += 0 * x[i + 3];
        }
        for (; i < x.length; i++) {
            s0 += 0 * x[i];
        }
        return s0 + s1 + s2 + s3 == 0;
    }

    private static String notFinite(int index, double value) {
        return "has %s as feature %d, expected a finite float32; fill, drop or scale such rows".formatted(value, index);
    }
}
