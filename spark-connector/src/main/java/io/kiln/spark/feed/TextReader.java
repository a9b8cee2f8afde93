package io.kiln.spark.feed;

import io.kiln.data.text.Vocabulary;
import io.kiln.ndarray.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.unsafe.Platform;

/** Reads texts as ids: one per row, or a sequence. */
final class TextReader extends FieldReader {
    private final TextCoding coding;
    private final Vocabulary vocabulary;
    private final DataType type;
    private final List<String> units = new ArrayList<>();
    private int[] ints = new int[1];
    private long[] longs = new long[1];
    private int length;
    private long truncated;

    TextReader(Field field) {
        super(field, "fill or drop");
        this.coding = (TextCoding) field.coding();
        this.vocabulary = coding.lookUp();
        this.type = field.types().get(0);
    }

    @Override
    public String read(InternalRow row, int ordinal) {
        begin();
        if (row.isNullAt(ordinal)) {
            return invalid("is null");
        }
        units.clear();
        if (type instanceof ArrayType a) {
            ArrayData array = row.getArray(ordinal);
            for (int i = 0; i < array.numElements(); i++) {
                if (array.isNullAt(i)) {
                    return invalid("has null as element " + i);
                }
                units.addAll(coding.units(text(array, i, a.elementType())));
            }
        } else {
            units.addAll(coding.units(text(row, ordinal, type)));
        }
        length = units.size();
        Field.Lengths lengths = field.lengths();
        if (lengths != null && lengths.longest() > 0 && length > lengths.longest()) {
            length = lengths.longest();
            truncated++;
        }
        if (lengths != null && length > lengths.limit()) {
            return String.format(
                    Locale.ROOT,
                    "has %d tokens, the longest of lengthBuckets is %d; add a longer one, or set maxLength to truncate such rows",
                    length,
                    lengths.limit());
        }
        number();
        return null;
    }

    private void number() {
        boolean wide = field.dtype() == DType.INT64;
        if (ints.length < length) {
            ints = new int[2 * length];
            longs = new long[wide ? 2 * length : 0];
        }
        for (int i = 0; i < length; i++) {
            ints[i] = coding.id(units.get(i), vocabulary);
            if (wide) {
                longs[i] = ints[i];
            }
        }
    }

    /** The text of a value, as Spark's rows show it. */
    private static String text(SpecializedGetters from, int at, DataType type) {
        if (type instanceof StringType) {
            return from.getUTF8String(at).toString();
        } else if (type instanceof BooleanType) {
            return Boolean.toString(from.getBoolean(at));
        }
        return Long.toString(type instanceof LongType ? from.getLong(at) : (long) Numbers.read(from, at, type));
    }

    @Override
    public void addTo(ColumnBuilder to) {
        boolean wide = field.dtype() == DType.INT64;
        Object base = wide ? longs : ints;
        long offset = wide ? Platform.LONG_ARRAY_OFFSET : Platform.INT_ARRAY_OFFSET;
        if (field.lengths() == null) {
            to.fixed(base, offset);
        } else {
            to.sequence(length, base, offset);
        }
    }

    @Override
    public int length() {
        return field.lengths() == null ? -1 : length;
    }

    @Override
    public long truncated() {
        return truncated;
    }
}
