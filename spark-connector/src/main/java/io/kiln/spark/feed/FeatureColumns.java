package io.kiln.spark.feed;

import io.kiln.ndarray.DType;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/**
 * The column of features, or the columns of numbers, vectors and arrays that are put together to a row of features.
 *
 * @param param the Param that names them
 * @param columns the columns
 */
public record FeatureColumns(String param, List<FeedColumn> columns) implements Serializable {
    /** Makes the list unmodifiable. */
    public FeatureColumns {
        columns = List.copyOf(columns);
    }

    /**
     * Finds columns and checks their types.
     *
     * @param schema the DataFrame's schema
     * @param param the Param that names them
     * @param names their names
     * @return the columns
     * @throws IllegalArgumentException if there is none, one is missing, or features cannot be read from it
     */
    public static FeatureColumns bind(StructType schema, String param, List<String> names) {
        if (names.isEmpty()) {
            throw new IllegalArgumentException(param + ": names no column; name at least one");
        }
        List<FeedColumn> found =
                names.stream().map(n -> FeedColumn.find(schema, param, n)).toList();
        for (FeedColumn c : found) {
            boolean bytes = FeatureType.of(c.name(), c.field().dataType()) == FeatureType.BYTES;
            if (bytes && found.size() > 1) {
                throw new IllegalArgumentException(
                        "%s: column \"%s\" is binary, which can only be the one column of features; numbers, vectors and arrays can be put together"
                                .formatted(param, c.name()));
            }
        }
        return new FeatureColumns(param, found);
    }

    /**
     * Whether the features are bytes.
     *
     * @return true for a binary column
     */
    public boolean isBytes() {
        return type() == FeatureType.BYTES;
    }

    /**
     * Returns the kind of the first column.
     *
     * @return the kind
     */
    public FeatureType type() {
        return FeatureType.of(columns.get(0).name(), columns.get(0).field().dataType());
    }

    /**
     * The columns as messages name them.
     *
     * @return {@code column "x"}, or the number of columns and the first one
     */
    public String text() {
        String first = columns.get(0).name();
        return columns.size() == 1
                ? "column \"" + first + "\""
                : "row of " + columns.size() + " columns, from \"" + first + "\" on,";
    }

    /**
     * The number of features that types and metadata of all columns state.
     *
     * @return the number, or empty if they do not state it
     */
    public Optional<Integer> declaredWidth() {
        return Joined.unstated(columns).isEmpty() ? Optional.of(Joined.stated(columns)) : Optional.empty();
    }

    /**
     * The number of features, if that of the {@link #unknown} column is known.
     *
     * @param size its number of elements
     * @return the number of features of a row
     */
    public int width(int size) {
        return Math.addExact(Joined.stated(columns), size);
    }

    /**
     * The column whose number of elements is not stated.
     *
     * @return the column; empty if all state it
     * @throws IllegalArgumentException if there are several
     */
    public Optional<FeedColumn> unknown() {
        return Optional.ofNullable(Joined.unstated(param, columns));
    }

    /**
     * Checks how many numbers several columns hold, as far as they state it: not all do before a pipeline is run.
     *
     * @param width features per row
     * @throws IllegalArgumentException if they hold more or fewer
     */
    public void check(int width) {
        if (columns.size() > 1 && Joined.unstated(columns).size() < 2) {
            Joined.of(param, columns, width);
        }
    }

    /**
     * The features as a field.
     *
     * @param width features per row
     * @return uint8 for bytes, otherwise float32
     * @throws IllegalArgumentException if several columns hold more or fewer numbers
     */
    public Field field(int width) {
        return field(width, isBytes() ? DType.UINT8 : DType.FLOAT32);
    }

    /**
     * The features as a field.
     *
     * @param width features per row
     * @param dtype how they are packed
     * @return the field
     * @throws IllegalArgumentException if several columns hold more or fewer numbers
     */
    public Field field(int width, DType dtype) {
        List<String> names = columns.stream().map(FeedColumn::name).toList();
        List<DataType> types = columns.stream().map(c -> c.field().dataType()).toList();
        Coding coding = columns.size() == 1 ? null : Joined.of(param, columns, width);
        return new Field("features", names, types, dtype, List.of((long) width), null, null, coding);
    }
}
