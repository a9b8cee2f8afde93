package io.kiln.spark.feed;

import io.kiln.ndarray.DType;
import java.util.Arrays;
import java.util.Locale;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.unsafe.Platform;

/**
 * Reads and checks the features of one row after another. The result is valid until the next row is read: it may be
 * memory that Spark reuses.
 *
 * <p>Concurrency: used by one thread.
 */
public final class FeatureReader implements ColumnReader {
    private static final int[] NO_INDICES = new int[0];
    private static final long EXPONENTS = 0x7f80_0000_7f80_0000L;
    private static final long FINITE_UNITS = 0x0080_0000_0080_0000L;
    private static final long WHOLE_UNITS = (0x8000_0000L - Float.floatToIntBits(Float32.WHOLE)) * 0x1_0000_0001L;
    private static final long SIGNS = 0x8000_0000_8000_0000L;
    private static final long LOW = 0xffff_ffffL;
    private static final int UDT_FIELDS = 4;
    private static final int UDT_INDICES = 2;
    private static final int UDT_VALUES = 3;

    private final String column;
    private final String remedy;
    private final FeatureType type;
    private final DataType element;
    private final boolean containsNull;
    private final int width;
    private final float[] dense;
    private Object base;
    private long offset;
    private byte[] bytes;
    private int[] indices = NO_INDICES;
    private float[] sparse;
    private boolean invalid;

    /**
     * Creates a reader.
     *
     * @param column the column's name, for messages
     * @param columnType its type
     * @param width expected number of features
     */
    public FeatureReader(String column, DataType columnType, int width) {
        this(column, columnType, width, "give all rows the same length and set inputShape to it");
    }

    FeatureReader(String column, DataType columnType, int width, String remedy) {
        this.column = column;
        this.remedy = remedy;
        this.type = FeatureType.of(column, columnType);
        this.element = columnType instanceof ArrayType a ? a.elementType() : columnType;
        this.containsNull = columnType instanceof ArrayType a && a.containsNull();
        this.width = width;
        this.dense = new float[type == FeatureType.FLOATS || type == FeatureType.BYTES ? 0 : width];
    }

    /**
     * Reads the features of a row.
     *
     * @param row a row
     * @param ordinal the index of the features in it
     * @return what is wrong with them, or null if nothing is
     */
    @Override
    public String read(InternalRow row, int ordinal) {
        invalid = false;
        indices = null;
        base = dense;
        offset = Platform.FLOAT_ARRAY_OFFSET;
        if (row.isNullAt(ordinal)) {
            return invalid("is null");
        }
        return switch (type) {
            case VECTOR -> vector(row.getStruct(ordinal, UDT_FIELDS));
            case FLOATS -> floats(row.getArray(ordinal));
            case DOUBLES -> doubles(row.getArray(ordinal));
            case NUMBERS -> numbers(row.getArray(ordinal));
            case NUMBER -> {
                String wrong = length(1);
                yield wrong != null ? wrong : number(row, ordinal, 0);
            }
            case BYTES -> {
                bytes = row.getBinary(ordinal);
                yield length(bytes.length);
            }
        };
    }

    /**
     * Whether the fault of the last row is a value rather than the number of features.
     *
     * @return true for null, NaN and infinities
     */
    @Override
    public boolean isInvalid() {
        return invalid;
    }

    /**
     * Writes the features of the last row as floats.
     *
     * @param to the destination
     * @param at the index of the first float in it
     */
    public void copyTo(float[] to, int at) {
        if (type == FeatureType.BYTES) {
            for (int i = 0; i < width; i++) {
                to[at + i] = bytes[i] & 0xff;
            }
        } else if (indices == null) {
            Platform.copyMemory(base, offset, to, Platform.FLOAT_ARRAY_OFFSET + 4L * at, 4L * width);
        } else {
            Arrays.fill(to, at, at + width, 0);
            for (int i = 0; i < indices.length; i++) {
                to[at + indices[i]] = sparse[i];
            }
        }
    }

    /** Whether it reads a column of this type as this dtype. */
    static boolean reads(DataType column, DType dtype) {
        if (dtype == DType.UINT8) {
            return column instanceof BinaryType;
        }
        boolean nested = column instanceof ArrayType a && a.elementType() instanceof ArrayType;
        return dtype == DType.FLOAT32 && !(column instanceof BinaryType) && !nested;
    }

    @Override
    public String column() {
        return column;
    }

    @Override
    public void addTo(ColumnBuilder to) {
        if (type == FeatureType.BYTES) {
            to.fixed(bytes, Platform.BYTE_ARRAY_OFFSET);
        } else if (indices != null) {
            to.sparse(indices, sparse);
        } else {
            to.fixed(base, offset);
        }
    }

    private String length(int got) {
        return got == width ? null : String.format(Locale.ROOT, "has %d features, expected %d; %s", got, width, remedy);
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
        SparseEntries entries = SparseEntries.of(v.getArray(UDT_INDICES).toIntArray(), values, width);
        if (entries.wrong() != null) {
            return entries.wrong();
        }
        int[] at = entries.indices();
        indices = at;
        sparse = new float[at.length];
        wrong = narrow(entries.values(), at, sparse);
        if (2 * at.length >= width && wrong == null) { // as large as the dense row
            Arrays.fill(dense, 0);
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

    private String numbers(ArrayData a) {
        String wrong = length(a.numElements());
        if (wrong == null && containsNull) {
            wrong = nulls(a);
        }
        for (int i = 0; i < width && wrong == null; i++) {
            wrong = number(a, i, i);
        }
        return wrong;
    }

    private String number(SpecializedGetters from, int at, int index) {
        if (Numbers.isWhole(element)) {
            long whole = (long) Numbers.read(from, at, element);
            whole = element instanceof LongType ? from.getLong(at) : whole;
            dense[index] = whole;
            return Float32.wrong(index, whole);
        }
        double x = Numbers.read(from, at, element);
        dense[index] = (float) x;
        return Float32.fits(dense[index]) ? null : wrong(index, x);
    }

    private String wrong(int index, double x) {
        invalid = !Float.isFinite((float) x);
        return Float32.wrong(index, x);
    }

    private String nulls(ArrayData a) {
        for (int i = 0; i < a.numElements(); i++) {
            if (a.isNullAt(i)) {
                return invalid("has null as feature " + i);
            }
        }
        return null;
    }

    private String invalid(String what) {
        invalid = true;
        return what + "; fill or drop such rows, or set handleInvalid";
    }

    private String narrow(double[] from, int[] places, float[] to) {
        for (int i = 0; i < from.length; i++) {
            to[i] = (float) from[i];
        }
        if (!allBelow(WHOLE_UNITS, to, Platform.FLOAT_ARRAY_OFFSET, to.length)) {
            for (int i = 0; i < from.length; i++) {
                String wrong = Float32.fits(to[i]) ? null : wrong(places == null ? i : places[i], from[i]);
                if (wrong != null) {
                    return wrong;
                }
            }
        }
        return null;
    }

    /**
     * Whether all floats are below a bound on their exponents: adding the units carries into the sign bit exactly if a
     * float is not, for both floats of a long at once. Testing each element took half of the time of reading a row.
     *
     * @param units the difference of the smallest excluded exponent to 256, in both halves: 1 finds non-finite floats
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
                return wrong(i, x);
            }
        }
    }
}
