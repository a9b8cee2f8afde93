package io.kiln.spark.feed;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import org.apache.spark.ml.attribute.Attribute;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.NumericType;

/**
 * Determines how a field is read: from what is stated, from what the network declares, or from its columns.
 *
 * @param field the field
 */
record FieldType(Field field) {

    /**
     * How sequences are padded.
     *
     * @param required whether the network takes their lengths or a mask
     * @param maxLength elements after which they are truncated; 0 for no limit
     * @param buckets lengths to which they are padded; empty for some
     */
    record Sequences(boolean required, int maxLength, List<Integer> buckets) {}

    static Optional<FieldType> of(
            String what,
            List<FeedColumn> columns,
            TypeText stated,
            Spec declared,
            Sequences sequences,
            Function<FeedColumn, OptionalInt> widths) {
        FeedColumn first = columns.get(0);
        DataType type = first.field().dataType();
        int depth = depth(what, columns);
        if (isOpen(columns, widths)) {
            return Optional.empty();
        }
        DType dtype = stated.dtype() != null ? stated.dtype() : declared != null ? declared.dtype() : natural(columns);
        columns.forEach(c -> checkDtype(what, c, dtype));
        DType packed = type instanceof BinaryType ? DType.UINT8 : dtype;
        List<Long> explicit = stated.shape() != null ? stated.shape() : declared == null ? null : rest(declared);
        boolean array = type instanceof ArrayType && columns.size() == 1;
        boolean ragged = array
                && (sequences.required()
                        || depth == 2
                        || (explicit == null
                                ? sequences.maxLength() > 0
                                        || !sequences.buckets().isEmpty()
                                : !explicit.isEmpty()
                                        && (explicit.get(0) == Shape.UNKNOWN
                                                || sequences
                                                        .buckets()
                                                        .contains(
                                                                explicit.get(0).intValue()))));
        List<Long> shape = explicit;
        if (shape == null && ragged) {
            shape = depth == 2 ? List.of(Shape.UNKNOWN, Shape.UNKNOWN) : List.of(Shape.UNKNOWN);
        } else if (shape == null) {
            OptionalInt width = width(what, columns, dtype, widths);
            if (width.isEmpty()) {
                return Optional.empty();
            }
            boolean scalar = width.getAsInt() < 0;
            shape = scalar ? List.of() : List.of((long) width.getAsInt());
        }
        checkShape(what, columns, depth, shape, ragged);
        Field.Lengths lengths = null;
        if (ragged) {
            boolean exact = shape.get(0) != Shape.UNKNOWN
                    && !sequences.buckets().contains(shape.get(0).intValue())
                    && !sequences.required();
            List<Integer> buckets = shape.get(0) == Shape.UNKNOWN
                    ? sequences.buckets()
                    : List.of(shape.get(0).intValue());
            lengths = new Field.Lengths(exact ? 0 : sequences.maxLength(), buckets, exact);
            if (shape.get(0) == Shape.UNKNOWN && declared == null && buckets.size() == 1) {
                List<Long> fixed = new ArrayList<>(shape);
                fixed.set(0, buckets.get(0).longValue());
                shape = fixed;
            }
        }
        return Optional.of(new FieldType(new Field(
                what,
                columns.stream().map(FeedColumn::name).toList(),
                columns.stream().map(c -> c.field().dataType()).toList(),
                packed,
                shape,
                lengths,
                null,
                columns.size() == 1 || depth == 0 ? null : Joined.of(what, columns, size(shape)))));
    }

    /** 0 for numbers, 1 for vectors, arrays and bytes, 2 for arrays of arrays. */
    private static int depth(String what, List<FeedColumn> columns) {
        int deepest = 0;
        for (FeedColumn c : columns) {
            DataType t = c.field().dataType();
            int depth = -1;
            if (Numbers.isNumber(t)) {
                depth = 0;
            } else if (t.equals(SQLDataTypes.VectorType()) || t instanceof BinaryType) {
                depth = 1;
            } else if (t instanceof ArrayType a) {
                boolean inner = a.elementType() instanceof ArrayType;
                DataType element = a.elementType() instanceof ArrayType b ? b.elementType() : a.elementType();
                depth = Numbers.isNumber(element) ? inner ? 2 : 1 : -1;
            }
            if (depth < 0) {
                throw new IllegalArgumentException(
                        "%s: column \"%s\" is of type %s; expected a number or boolean, a vector, an array of numbers or of such arrays, or binary (uint8); for text, state index, hash(n) or words index(n) with inputTypes, for paths of images image[3,224,224]"
                                .formatted(what, c.name(), t.catalogString()));
            }
            if (columns.size() > 1 && (depth > 1 || t instanceof BinaryType)) {
                throw new IllegalArgumentException(
                        "%s: column \"%s\" is of type %s, but several columns feed this input; only numbers, vectors and arrays of numbers can be put together"
                                .formatted(what, c.name(), t.catalogString()));
            }
            deepest = Math.max(deepest, depth);
        }
        return deepest;
    }

    /** Whether several columns do not state their sizes, and their rows cannot be read yet. */
    private static boolean isOpen(List<FeedColumn> columns, Function<FeedColumn, OptionalInt> widths) {
        List<FeedColumn> unstated = columns.size() == 1 ? List.of() : Joined.unstated(columns);
        return unstated.size() > 1 && widths.apply(unstated.get(0)).isEmpty();
    }

    private static DType natural(List<FeedColumn> columns) {
        boolean whole = true;
        boolean large = false;
        for (FeedColumn c : columns) {
            DataType t = c.field().dataType();
            while (t instanceof ArrayType a) {
                t = a.elementType();
            }
            boolean nominal = c.field().dataType() instanceof NumericType
                    && Attribute.fromStructField(c.field()) instanceof NominalAttribute;
            whole &= Numbers.isWhole(t) || nominal;
            large |= t instanceof LongType;
        }
        return !whole ? DType.FLOAT32 : large ? DType.INT64 : DType.INT32;
    }

    private static void checkDtype(String what, FeedColumn column, DType dtype) {
        boolean binary = column.field().dataType() instanceof BinaryType;
        boolean vector = column.field().dataType().equals(SQLDataTypes.VectorType());
        boolean fits = binary
                ? dtype == DType.FLOAT32 || dtype == DType.UINT8
                : dtype == DType.FLOAT32
                        || dtype == DType.INT32
                        || dtype == DType.INT64
                        || dtype == DType.UINT8 && !vector;
        if (!fits) {
            throw new IllegalArgumentException("%s: is %s, which cannot be read from column \"%s\" of type %s; %s"
                    .formatted(
                            what,
                            dtype,
                            column.name(),
                            column.field().dataType().catalogString(),
                            binary ? "use float32 or uint8" : "use float32, int32 or int64"));
        }
    }

    static List<Long> rest(Spec declared) {
        return Field.sizes(declared.shape().dims()).subList(1, declared.shape().rank());
    }

    /** The number of elements of a row; -1 for a single integer, which needs no axis; empty if it is not known yet. */
    private static OptionalInt width(
            String what, List<FeedColumn> columns, DType dtype, Function<FeedColumn, OptionalInt> widths) {
        FeedColumn c = columns.get(0);
        DataType t = c.field().dataType();
        if (columns.size() > 1) {
            FeedColumn open = Joined.unstated(what, columns);
            OptionalInt more = open == null ? OptionalInt.of(0) : widths.apply(open);
            return more.isEmpty() ? more : OptionalInt.of(Math.addExact(Joined.stated(columns), more.getAsInt()));
        } else if (Numbers.isNumber(t)) {
            return OptionalInt.of(dtype != DType.FLOAT32 ? -1 : 1);
        } else if (t instanceof BinaryType) {
            throw new IllegalArgumentException(
                    "%s: binary column \"%s\" does not define the shape of a row; state it with inputTypes, such as float32[1,28,28]"
                            .formatted(what, c.name()));
        }
        OptionalInt size = Joined.declared(c);
        return size.isPresent() ? size : widths.apply(c);
    }

    private static long size(List<Long> shape) {
        return shape.stream().reduce(1L, Math::multiplyExact);
    }

    private static void checkShape(String what, List<FeedColumn> columns, int depth, List<Long> shape, boolean ragged) {
        FeedColumn c = columns.get(0);
        String type = c.field().dataType().catalogString();
        long unknown = shape.stream().filter(d -> d == Shape.UNKNOWN).count();
        for (int i = 0; i < unknown; i++) {
            if (shape.get(i) != Shape.UNKNOWN || i > 1) {
                throw new IllegalArgumentException(
                        "%s: shape %s of a row: only the first one or two sizes may differ from row to row"
                                .formatted(what, shape));
            }
        }
        if (unknown > 0 && !ragged || unknown > depth || ragged && shape.isEmpty()) {
            throw new IllegalArgumentException("%s: rows of shape %s need a column of %s, column \"%s\" is of type %s"
                    .formatted(what, shape, unknown > 1 ? "arrays of arrays" : "arrays", c.name(), type));
        }
        if (ragged && depth == 2 && shape.size() < 2) {
            throw new IllegalArgumentException(
                    "%s: column \"%s\" holds arrays of arrays, but a row has shape %s; it needs two sizes, such as [-1,-1] or [-1,16]"
                            .formatted(what, c.name(), shape));
        }
        if (ragged && (depth == 1 && shape.size() > 1 || unknown == 2 && shape.size() > 2)) {
            throw new IllegalArgumentException(
                    "%s: column \"%s\" of type %s holds sequences with one number per element, a row has shape %s; it needs %s"
                            .formatted(
                                    what,
                                    c.name(),
                                    type,
                                    shape,
                                    depth == 1 ? "one size, such as [-1]" : "two, such as [-1,-1]"));
        }
        long size = unknown > 0 ? 0 : size(shape);
        if (depth == 0 && size != columns.size()) {
            throw new IllegalArgumentException("%s: takes rows of shape %s, but %s %s; change the columns or inputTypes"
                    .formatted(
                            what,
                            shape,
                            columns.size() == 1
                                    ? "column \"" + c.name() + "\" holds a single " + type
                                    : columns.size() + " columns feed it:",
                            columns.size() == 1
                                    ? ""
                                    : columns.stream().map(FeedColumn::name).toList()));
        }
        int declared =
                depth == 0 || columns.size() > 1 ? -1 : Joined.declared(c).orElse(-1);
        if (declared > 0 && declared != size) {
            throw new IllegalArgumentException("%s: column \"%s\" has %d features, the network takes rows of shape %s"
                    .formatted(what, c.name(), declared, shape));
        }
    }
}
