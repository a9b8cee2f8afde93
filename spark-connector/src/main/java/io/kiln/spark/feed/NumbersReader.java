package io.kiln.spark.feed;

import java.util.Locale;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** Reads rows of one shape from several columns of numbers and arrays, or from one. */
final class NumbersReader implements ColumnReader {
    private static final int UDT_FIELDS = 4;

    private final Field field;
    private final Elements elements;
    private int at;
    private boolean invalid;

    NumbersReader(Field field) {
        this.field = field;
        this.elements = new Elements(field.dtype(), field.classes());
        elements.grow(field.width());
    }

    @Override
    public String read(InternalRow row, int ordinal) {
        int filled = 0;
        for (at = 0; at < field.columns().size(); at++) {
            DataType type = field.types().get(at);
            if (row.isNullAt(ordinal + at)) {
                invalid = true;
                return "is null; fill or drop such rows, or set handleInvalid";
            }
            String wrong;
            if (type instanceof ArrayType a) {
                wrong = array(row.getArray(ordinal + at), a.elementType(), filled);
            } else if (type.equals(SQLDataTypes.VectorType())) {
                wrong = vector(row.getStruct(ordinal + at, UDT_FIELDS), filled);
            } else {
                wrong = elements.put(filled, row, ordinal + at, type);
                invalid = elements.isInvalid();
            }
            if (wrong != null) {
                return wrong;
            }
            filled += size(at);
        }
        invalid = false;
        return null;
    }

    private int size(int column) {
        return field.coding() instanceof Joined j
                ? j.sizes().get(column)
                : field.columns().size() == 1 ? field.width() : 1;
    }

    private String array(ArrayData a, DataType type, int start) {
        if (a.numElements() != size(at)) {
            invalid = false;
            return String.format(
                    Locale.ROOT, "has %d elements, expected %d; %s", a.numElements(), size(at), field.remedy());
        }
        for (int i = 0; i < a.numElements(); i++) {
            if (a.isNullAt(i)) {
                invalid = true;
                return "has null as element " + i + "; fill or drop such rows, or set handleInvalid";
            }
            String wrong = elements.put(start + i, a, i, type);
            if (wrong != null) {
                invalid = elements.isInvalid();
                return wrong;
            }
        }
        return null;
    }

    /** A vector of whole numbers. */
    private String vector(InternalRow v, int start) {
        boolean dense = v.getByte(0) == 1;
        ArrayData values = v.getArray(UDT_FIELDS - 1);
        if (dense) {
            return array(values, DataTypes.DoubleType, start);
        }
        invalid = false;
        return "is a sparse vector, which holds float32; declare float32 with inputTypes, or pass an array of integers";
    }

    @Override
    public boolean isInvalid() {
        return invalid;
    }

    @Override
    public String column() {
        return field.columns().get(Math.min(at, field.columns().size() - 1));
    }

    @Override
    public void addTo(ColumnBuilder to) {
        to.fixed(elements.base(), elements.offset());
    }
}
