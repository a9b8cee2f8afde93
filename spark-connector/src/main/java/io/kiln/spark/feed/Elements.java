package io.kiln.spark.feed;

import io.kiln.ndarray.DType;
import java.util.Arrays;
import java.util.Locale;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.unsafe.Platform;

/** Numbers of a row, converted to the dtype of a field; integers are never rounded. */
final class Elements {
    private final DType dtype;
    private final Field.Classes classes;
    private float[] floats = new float[0];
    private int[] ints = new int[0];
    private long[] longs = new long[0];
    private byte[] bytes = new byte[0];
    private boolean invalid;

    Elements(DType dtype, Field.Classes classes) {
        this.dtype = dtype;
        this.classes = classes;
    }

    /** Makes room for elements; those before remain. */
    void grow(int n) {
        int more = (int) Math.min(Integer.MAX_VALUE - 8, Math.max(n, 16L + n / 2 * 3));
        switch (dtype) {
            case FLOAT32 -> floats = floats.length < n ? Arrays.copyOf(floats, more) : floats;
            case INT32 -> ints = ints.length < n ? Arrays.copyOf(ints, more) : ints;
            case INT64 -> longs = longs.length < n ? Arrays.copyOf(longs, more) : longs;
            case UINT8 -> bytes = bytes.length < n ? Arrays.copyOf(bytes, more) : bytes;
            default -> throw new IllegalStateException("feed: rows cannot be packed as " + dtype);
        }
    }

    Object base() {
        return switch (dtype) {
            case FLOAT32 -> floats;
            case INT32 -> ints;
            case INT64 -> longs;
            default -> bytes;
        };
    }

    long offset() {
        return switch (dtype) {
            case FLOAT32 -> Platform.FLOAT_ARRAY_OFFSET;
            case INT32 -> Platform.INT_ARRAY_OFFSET;
            case INT64 -> Platform.LONG_ARRAY_OFFSET;
            default -> Platform.BYTE_ARRAY_OFFSET;
        };
    }

    boolean isInvalid() {
        return invalid;
    }

    /**
     * Converts a number.
     *
     * @param to its place here
     * @param from where it is, not null
     * @param at its index there
     * @param type its type
     * @return what is wrong with it, or null
     */
    String put(int to, SpecializedGetters from, int at, DataType type) {
        invalid = false;
        if (Numbers.isWhole(type)) {
            long whole = type instanceof LongType ? from.getLong(at) : (long) Numbers.read(from, at, type);
            return put(to, whole);
        }
        double x = Numbers.read(from, at, type);
        if (dtype == DType.FLOAT32) {
            floats[to] = (float) x;
            if (!Float.isFinite(floats[to])) {
                invalid = true;
            }
            return Float32.fits(floats[to]) ? null : Float32.wrong(to, x);
        }
        if (!Double.isFinite(x)) {
            invalid = true;
            return "has " + x + " as element " + to
                    + ", expected a whole number; fill or drop such rows, or set handleInvalid";
        }
        if (x != Math.rint(x) || Math.abs(x) > 1L << 53) {
            return String.format(
                    Locale.ROOT,
                    "has %s as element %d, expected a whole number for %s; index values with StringIndexer, or declare float32 with inputTypes",
                    x,
                    to,
                    dtype);
        }
        return put(to, (long) x);
    }

    private String put(int to, long whole) {
        if (classes != null && !classes.accepts(whole)) {
            return String.format(
                    Locale.ROOT,
                    "is %d, expected a whole number from 0 to %d, because the output has %d classes; index labels with StringIndexer",
                    whole,
                    classes.count() - 1,
                    classes.count());
        }
        switch (dtype) {
            case FLOAT32 -> {
                floats[to] = whole;
                return Float32.wrong(to, whole);
            }
            case INT32 -> {
                ints[to] = (int) whole;
                return ints[to] == whole ? null : tooLarge(to, whole);
            }
            case INT64 -> longs[to] = whole;
            default -> {
                bytes[to] = (byte) whole;
                return (bytes[to] & 0xff) == whole ? null : tooLarge(to, whole);
            }
        }
        return null;
    }

    private String tooLarge(int at, long whole) {
        return String.format(
                Locale.ROOT,
                "has %d as element %d, which is out of the range of %s; map ids to small numbers with StringIndexer, or declare int64 with inputTypes",
                whole,
                at,
                dtype);
    }
}
