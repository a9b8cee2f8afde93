package io.kiln.spark.model;

import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.spark.feed.Batch;
import io.kiln.spark.feed.NetworkInputs;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * Values of a network as columns: a number for each row as double, or bigint if it is whole; several as a vector, or an
 * array of bigint; more axes, and sequences, as arrays of float or bigint, of arrays. Sequences are cut to the length of
 * the row's input if only one input is a sequence.
 *
 * @param names the values, as {@link OutputNames} reads them
 * @param columns how each is added
 */
public record NamedOutputs(List<String> names, List<Form> columns) implements ValueOutputs {
    private static final VectorUDT VECTORS = new VectorUDT();

    /** Makes the lists unmodifiable. */
    public NamedOutputs {
        names = List.copyOf(names);
        columns = List.copyOf(columns);
    }

    /**
     * The form of a column.
     *
     * @param whole whether its numbers are whole
     * @param sizes shape of a row, {@link Shape#UNKNOWN} where it depends on the batch
     */
    public record Form(boolean whole, List<Long> sizes) implements Serializable {
        /** Makes the list unmodifiable. */
        public Form {
            sizes = List.copyOf(sizes);
        }

        private boolean isNumber() {
            return sizes.isEmpty() || sizes.size() == 1 && sizes.get(0) == 1;
        }

        private boolean isVector() {
            return !whole && !isNumber() && sizes.size() == 1 && sizes.get(0) != Shape.UNKNOWN;
        }

        /**
         * The type of the column.
         *
         * @return Spark's type
         */
        public DataType type() {
            if (isNumber()) {
                return whole ? DataTypes.LongType : DataTypes.DoubleType;
            } else if (isVector()) {
                return SQLDataTypes.VectorType();
            }
            DataType type = whole ? DataTypes.LongType : DataTypes.FloatType;
            for (int i = 0; i < sizes.size(); i++) {
                type = DataTypes.createArrayType(type, false);
            }
            return type;
        }
    }

    /**
     * Finds values in a network.
     *
     * @param g the network
     * @param names the values
     * @return them with the forms of their columns
     * @throws IllegalArgumentException if there is no such value, or it is not one per row
     */
    public static NamedOutputs of(Graph g, List<String> names) {
        Graph part = OutputNames.part(g, names);
        List<Form> forms = new ArrayList<>();
        for (int k = 0; k < names.size(); k++) {
            Spec s = part.spec(part.outputs().get(k));
            if (s.shape().rank() == 0 || s.shape().dim(0) != Shape.UNKNOWN) {
                throw new IllegalArgumentException(
                        "outputNames: \"%s\" is %s, not one value per row; name a value whose first axis is the batch"
                                .formatted(names.get(k), s));
            }
            List<Long> sizes = new ArrayList<>();
            for (int i = 1; i < s.shape().rank(); i++) {
                sizes.add(s.shape().dim(i));
            }
            forms.add(new Form(!s.dtype().isFloating(), sizes));
        }
        return new NamedOutputs(names, forms);
    }

    /** {@return NaN for numbers, and null for everything else} */
    @Override
    public Object[] unknown() {
        return columns.stream()
                .map(c -> c.isNumber() && !c.whole() ? Double.NaN : null)
                .toArray();
    }

    @Override
    public List<Object[]> rows(NetworkInputs inputs, Batch batch, NDArray... y) {
        int n = batch.rows();
        int sequence = sequence(inputs);
        List<Object[]> rows = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            rows.add(new Object[y.length]);
        }
        for (int k = 0; k < y.length; k++) {
            Form form = columns.get(k);
            float[] floats = form.whole() ? null : y[k].cast(DType.FLOAT32).toFloatArray();
            long[] longs = form.whole() ? y[k].cast(DType.INT64).toLongArray() : null;
            long[] dims = y[k].shape().dims();
            int size = Math.toIntExact(y[k].size() / n);
            for (int i = 0; i < n; i++) {
                boolean cut = sequence >= 0
                        && !form.sizes().isEmpty()
                        && form.sizes().get(0) == Shape.UNKNOWN
                        && dims.length > 1;
                int length = cut ? Math.min((int) dims[1], batch.length(sequence, i)) : -1;
                rows.get(i)[k] = value(form, floats, longs, i * size, dims, length);
            }
        }
        return rows;
    }

    private static Object value(Form form, float[] floats, long[] longs, int at, long[] dims, int length) {
        if (form.isNumber()) {
            return form.whole() ? (Object) longs[at] : (Object) (double) floats[at];
        } else if (form.isVector()) {
            double[] v = new double[(int) dims[1]];
            for (int i = 0; i < v.length; i++) {
                v[i] = floats[at + i];
            }
            return VECTORS.serialize(Vectors.dense(v));
        }
        return array(floats, longs, at, dims, 1, length);
    }

    private static GenericArrayData array(float[] floats, long[] longs, int at, long[] dims, int axis, int length) {
        int n = length >= 0 ? length : (int) dims[axis];
        int step = 1;
        for (int i = axis + 1; i < dims.length; i++) {
            step *= (int) dims[i];
        }
        Object[] elements = new Object[n];
        for (int i = 0; i < n; i++) {
            elements[i] = axis + 1 < dims.length
                    ? array(floats, longs, at + i * step, dims, axis + 1, -1)
                    : longs != null ? (Object) longs[at + i] : (Object) floats[at + i];
        }
        return new GenericArrayData(elements);
    }

    /** The only field of sequences; -1 if there are none or several. */
    private static int sequence(NetworkInputs inputs) {
        int found = -1;
        for (int f = 0; f < inputs.fields().size(); f++) {
            if (inputs.fields().get(f).lengths() != null) {
                if (found >= 0) {
                    return -1;
                }
                found = f;
            }
        }
        return found;
    }
}
