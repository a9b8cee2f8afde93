package io.kiln.spark.feed;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.types.DataType;

/**
 * A field of the rows that a network reads: an input or a target, from one column, or from several of numbers,
 * vectors and arrays.
 *
 * @param what what it is, for messages: {@code features}, {@code input tokens}, {@code target rating}
 * @param columns names of its columns
 * @param types their types
 * @param dtype how it is packed: float32, int32, int64 or uint8
 * @param rowShape shape of a row; the first sizes are {@link Shape#UNKNOWN} for sequences of different lengths
 * @param lengths how sequences are padded; null if all rows have the same shape
 * @param classes the values that are allowed; null for all
 * @param coding how values become numbers; null if they are numbers
 */
public record Field(
        String what,
        List<String> columns,
        List<DataType> types,
        DType dtype,
        List<Long> rowShape,
        Lengths lengths,
        Classes classes,
        Coding coding)
        implements Serializable {
    /** Makes the lists unmodifiable. */
    public Field {
        columns = List.copyOf(columns);
        types = List.copyOf(types);
        rowShape = List.copyOf(rowShape);
    }

    /**
     * A field of numbers.
     *
     * @param what what it is, for messages
     * @param columns names of its columns
     * @param types their types
     * @param dtype how it is packed
     * @param rowShape shape of a row
     * @param lengths how sequences are padded; null if all rows have the same shape
     * @param classes the values that are allowed; null for all
     */
    public Field(
            String what,
            List<String> columns,
            List<DataType> types,
            DType dtype,
            List<Long> rowShape,
            Lengths lengths,
            Classes classes) {
        this(what, columns, types, dtype, rowShape, lengths, classes, null);
    }

    /**
     * How sequences of different lengths are padded with zeros: to the longest one of a batch, rounded up to a bucket.
     *
     * @param longest elements after which a sequence is truncated; 0 for no limit
     * @param buckets the lengths of batches, ascending; empty for 1, 2, 3, 4, 6, 8, 12, 16, 24, …, so that few programs
     *     are compiled
     * @param exact whether all sequences must have the length of the only bucket
     */
    public record Lengths(int longest, List<Integer> buckets, boolean exact) implements Serializable {
        /** Makes the list unmodifiable. */
        public Lengths {
            buckets = List.copyOf(buckets);
        }

        /**
         * The length of a batch.
         *
         * @param length the longest sequence in it
         * @return at least 1 and {@code length}
         */
        int padded(int length) {
            if (!buckets.isEmpty()) {
                return buckets.stream().filter(b -> b >= length).findFirst().orElseThrow();
            }
            int power = Math.max(1, Integer.highestOneBit(Math.max(1, length)));
            if (power >= length) {
                return power;
            }
            return power > 1 && power + power / 2 >= length ? power + power / 2 : 2 * power;
        }

        /** The longest sequence that a batch can hold. */
        int limit() {
            return buckets.isEmpty() ? Integer.MAX_VALUE : buckets.get(buckets.size() - 1);
        }
    }

    /**
     * Labels of classes.
     *
     * @param count number of classes: labels are 0 … count-1
     * @param ignored other labels that are allowed
     */
    public record Classes(long count, List<Long> ignored) implements Serializable {
        /** Makes the list unmodifiable. */
        public Classes {
            ignored = List.copyOf(ignored);
        }

        boolean accepts(long label) {
            return label >= 0 && label < count || ignored.contains(label);
        }
    }

    /**
     * The number of elements of a row, or of an element of a sequence.
     *
     * @return the product of the known sizes
     */
    public int width() {
        return Math.toIntExact(rowShape.stream().filter(d -> d != Shape.UNKNOWN).reduce(1L, Math::multiplyExact)
                / (lengths != null && rowShape.get(0) != Shape.UNKNOWN ? rowShape.get(0) : 1));
    }

    /** Whether it is a target. */
    boolean isTarget() {
        return what.startsWith("target ");
    }

    /**
     * Whether rows are sequences that are padded: not if all must have one length.
     *
     * @return whether their lengths may differ
     */
    public boolean isRagged() {
        return lengths != null && !lengths.exact();
    }

    /** Whether both the sequences and their elements have different lengths. */
    boolean isNested() {
        return lengths != null && rowShape.size() > 1 && rowShape.get(1) == Shape.UNKNOWN;
    }

    /** Whether rows are images that are packed as they are, and transformed in each epoch. */
    boolean isPerEpoch() {
        return coding instanceof ImageCoding c && c.isPerEpoch();
    }

    /** The same field with access to files, if it needs it. */
    Field with(ColumnFiles files) {
        return coding instanceof ImageCoding c ? with(c.with(files)) : this;
    }

    /** The same field with another coding. */
    Field with(Coding other) {
        return new Field(what, columns, types, dtype, rowShape, lengths, classes, other);
    }

    /** {@return the text in fingerprints of checkpoints, which for fields of numbers stays as it was before there were others} */
    @Override
    public String toString() {
        return "Field[what=" + what + ", columns=" + columns + ", types=" + types + ", dtype=" + dtype + ", rowShape="
                + rowShape + ", lengths=" + lengths + ", classes=" + classes
                + (coding == null ? "" : ", coding=" + coding) + "]";
    }

    /** What to do about rows of the wrong length. */
    String remedy() {
        return what.equals("features")
                ? "give all rows the same length and set inputShape to it"
                : "give all rows the same length, or declare sequences of different lengths with inputTypes, such as int32[-1]";
    }

    /**
     * The form of this field in batches.
     *
     * @return dtype, shape and padding
     */
    public Batch.Part part() {
        boolean tokens = coding instanceof TextCoding && lengths != null;
        return new Batch.Part(
                dtype,
                rowShape,
                lengths,
                false,
                tokens ? TextCoding.PADDING : 0,
                isPerEpoch() ? (ImageCoding) coding : null);
    }

    /** The columns of a DataFrame. */
    List<Column> of(Dataset<?> data) {
        return columns.stream()
                .map(name -> FeedColumn.find(data.schema(), what, name).of(data))
                .toList();
    }

    static List<Long> sizes(long... shape) {
        return Arrays.stream(shape).boxed().toList();
    }
}
