package io.kiln.spark.feed;

import io.kiln.ndarray.DType;
import java.util.Arrays;
import java.util.Locale;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.Platform;

/**
 * Reads sequences of different lengths: arrays of numbers, of arrays of one length, or of arrays of different lengths.
 */
final class RaggedReader extends FieldReader {
    private final Field.Lengths lengths;
    private final Elements elements;
    private final DataType element;
    private final boolean arrays;
    private final boolean nested;
    private final int unit;
    private Object base;
    private long offset;
    private int[] inner = new int[0];
    private int length;
    private int total;
    private long truncated;

    RaggedReader(Field field) {
        super(field, "fill or drop");
        this.lengths = field.lengths();
        this.elements = new Elements(field.dtype(), field.classes());
        DataType of = ((ArrayType) field.types().get(0)).elementType();
        this.arrays = of instanceof ArrayType;
        this.element = of instanceof ArrayType a ? a.elementType() : of;
        this.nested = field.isNested();
        this.unit = nested ? 1 : field.width();
    }

    @Override
    public String read(InternalRow row, int ordinal) {
        begin();
        if (row.isNullAt(ordinal)) {
            return invalid("is null");
        }
        ArrayData a = row.getArray(ordinal);
        length = a.numElements();
        if (lengths.longest() > 0 && length > lengths.longest()) {
            length = lengths.longest();
            truncated++;
        }
        if (lengths.exact() && length != lengths.limit()) {
            return String.format(
                    Locale.ROOT, "has %d elements, expected %d; %s", length, lengths.limit(), field.remedy());
        }
        if (length > lengths.limit()) {
            return String.format(
                    Locale.ROOT,
                    "has %d elements, the longest of lengthBuckets is %d; add a longer one, or set maxLength to truncate such rows",
                    length,
                    lengths.limit());
        }
        total = 0;
        return arrays ? arrays(a) : numbers(a, length);
    }

    private String arrays(ArrayData a) {
        inner = inner.length < length ? Arrays.copyOf(inner, 2 * length) : inner;
        for (int i = 0; i < length; i++) {
            if (a.isNullAt(i)) {
                return invalid("has null as element " + i);
            }
            ArrayData part = a.getArray(i);
            inner[i] = part.numElements();
            if (!nested && inner[i] != unit) {
                return String.format(
                        Locale.ROOT,
                        "has %d numbers in element %d, expected %d; give all elements the same length, or declare them as different with inputTypes, such as float32[-1,-1]",
                        inner[i],
                        i,
                        unit);
            }
            String wrong = append(part);
            if (wrong != null) {
                return wrong;
            }
        }
        base = elements.base();
        offset = elements.offset();
        return null;
    }

    private String append(ArrayData part) {
        int n = part.numElements();
        elements.grow(Math.addExact(total, n));
        for (int i = 0; i < n; i++) {
            if (part.isNullAt(i)) {
                return invalid("has null as number " + (total + i));
            }
            String wrong = elements.put(total + i, part, i, element);
            if (wrong != null) {
                invalidIf(elements.isInvalid());
                return wrong;
            }
        }
        total += n;
        return null;
    }

    /** Integers of the field's own type are copied at once, unless they are classes. */
    private String numbers(ArrayData a, int n) {
        boolean any = field.classes() == null;
        boolean ints = any && field.dtype() == DType.INT32 && element.equals(DataTypes.IntegerType);
        boolean longs = any && field.dtype() == DType.INT64 && element.equals(DataTypes.LongType);
        if (ints || longs) {
            for (int i = 0; i < n; i++) {
                if (a.isNullAt(i)) {
                    return invalid("has null as element " + i);
                }
            }
            base = ints ? a.toIntArray() : a.toLongArray();
            offset = ints ? Platform.INT_ARRAY_OFFSET : Platform.LONG_ARRAY_OFFSET;
            return null;
        }
        elements.grow(n);
        for (int i = 0; i < n; i++) {
            if (a.isNullAt(i)) {
                return invalid("has null as element " + i);
            }
            String wrong = elements.put(i, a, i, element);
            if (wrong != null) {
                invalidIf(elements.isInvalid());
                return wrong;
            }
        }
        base = elements.base();
        offset = elements.offset();
        return null;
    }

    @Override
    public void addTo(ColumnBuilder to) {
        if (nested) {
            to.nested(inner, length, base, offset);
        } else {
            to.sequence(length, base, offset);
        }
    }

    @Override
    public int length() {
        return field.isRagged() ? length : -1;
    }

    @Override
    public long truncated() {
        return truncated;
    }
}
