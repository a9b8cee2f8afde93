package io.kiln.spark.feed;

import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.unsafe.Platform;

/** Puts columns of numbers, vectors and arrays together to one row of float32. */
final class JoinedReader implements ColumnReader {
    /** How a column is read: looking at types anew for each number took most of the time of rows of many columns. */
    private enum Kind {
        DOUBLE,
        FLOAT,
        INT,
        LONG,
        SHORT,
        BYTE,
        BOOLEAN,
        DECIMAL,
        PART;

        static Kind of(DataType type) {
            if (!Numbers.isNumber(type)) {
                return PART;
            }
            return type instanceof DoubleType
                    ? DOUBLE
                    : type instanceof FloatType
                            ? FLOAT
                            : type instanceof IntegerType
                                    ? INT
                                    : type instanceof LongType
                                            ? LONG
                                            : type instanceof ShortType
                                                    ? SHORT
                                                    : type instanceof ByteType
                                                            ? BYTE
                                                            : type instanceof BooleanType ? BOOLEAN : DECIMAL;
        }
    }

    private final Field field;
    private final Kind[] kinds;
    private final int[] starts;
    private final FeatureReader[] parts;
    private final float[] joined;
    private int at;
    private boolean invalid;

    JoinedReader(Field field) {
        this.field = field;
        int n = field.columns().size();
        List<Integer> sizes = field.coding() instanceof Joined j ? j.sizes() : null;
        kinds = new Kind[n];
        starts = new int[n];
        parts = new FeatureReader[n];
        joined = new float[field.width()];
        int start = 0;
        for (int c = 0; c < n; c++) {
            DataType type = field.types().get(c);
            kinds[c] = Kind.of(type);
            starts[c] = start;
            int size = sizes == null ? 1 : sizes.get(c);
            if (kinds[c] == Kind.PART) {
                parts[c] = new FeatureReader(field.columns().get(c), type, size, field.remedy());
            }
            start += size;
        }
    }

    @Override
    public String read(InternalRow row, int ordinal) {
        for (int c = 0; c < kinds.length; c++) {
            int from = ordinal + c;
            if (row.isNullAt(from)) {
                at = c;
                invalid = true;
                return "is null; fill or drop such rows, or set handleInvalid";
            }
            int to = starts[c];
            switch (kinds[c]) {
                case DOUBLE -> joined[to] = (float) row.getDouble(from);
                case FLOAT -> joined[to] = row.getFloat(from);
                case INT -> joined[to] = row.getInt(from);
                case LONG -> joined[to] = row.getLong(from);
                case SHORT -> joined[to] = row.getShort(from);
                case BYTE -> joined[to] = row.getByte(from);
                case BOOLEAN -> joined[to] = row.getBoolean(from) ? 1 : 0;
                case DECIMAL ->
                    joined[to] = (float) Numbers.read(row, from, field.types().get(c));
                case PART -> {
                    String wrong = parts[c].read(row, from);
                    if (wrong != null) {
                        at = c;
                        invalid = parts[c].isInvalid();
                        return wrong;
                    }
                    parts[c].copyTo(joined, to);
                }
            }
        }
        invalid = false;
        boolean fits = true;
        for (float x : joined) {
            fits &= Float32.fits(x);
        }
        return fits ? null : wrong(row, ordinal);
    }

    /** Looks at the numbers themselves, one by one. */
    private String wrong(InternalRow row, int ordinal) {
        for (int c = 0; c < kinds.length; c++) {
            if (kinds[c] == Kind.PART || Float32.fits(joined[starts[c]])) {
                continue; // parts have been checked
            }
            DataType type = field.types().get(c);
            double x = Numbers.read(row, ordinal + c, type);
            String wrong = type instanceof LongType
                    ? Float32.wrong(starts[c], row.getLong(ordinal + c))
                    : Numbers.isWhole(type) ? Float32.wrong(starts[c], (long) x) : Float32.wrong(starts[c], x);
            if (wrong != null) {
                at = c;
                invalid = !Float.isFinite((float) x);
                return wrong;
            }
        }
        return null;
    }

    @Override
    public boolean isInvalid() {
        return invalid;
    }

    @Override
    public String column() {
        return field.columns().get(at);
    }

    @Override
    public void addTo(ColumnBuilder to) {
        to.fixed(joined, Platform.FLOAT_ARRAY_OFFSET);
    }
}
