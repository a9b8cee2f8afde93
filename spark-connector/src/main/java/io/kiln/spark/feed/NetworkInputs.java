package io.kiln.spark.feed;

import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/**
 * The inputs of a network and the fields of rows from which they are read.
 *
 * @param slots the inputs, in the network's order
 * @param fields the fields, in the order in which they are packed
 * @param scales factor on the values of each field
 */
public record NetworkInputs(List<Slot> slots, List<Field> fields, List<Double> scales) implements Serializable {
    /** Makes the lists unmodifiable. */
    public NetworkInputs {
        slots = List.copyOf(slots);
        fields = List.copyOf(fields);
        scales = List.copyOf(scales);
    }

    /**
     * The same inputs for tasks, with access to the files that columns name, and to vocabularies in executors.
     *
     * @param files opens files
     * @param texts sends vocabularies
     * @param session the session of the tasks
     * @return the inputs
     */
    public NetworkInputs inTasks(ColumnFiles files, SentTexts texts, SparkSession session) {
        List<Field> readable =
                fields.stream().map(f -> texts.in(f.with(files), session)).toList();
        return new NetworkInputs(slots, readable, scales);
    }

    /** {@return the text in fingerprints of checkpoints: one factor if there is only one} */
    @Override
    public String toString() {
        List<Double> different = scales.stream().filter(s -> s != 1).distinct().toList();
        boolean one =
                different.isEmpty() || different.size() == 1 && fields.stream().allMatch(this::isScaledIfBytes);
        return "NetworkInputs[slots=" + slots + ", fields=" + fields
                + (one ? ", scale=" + (different.isEmpty() ? 1.0 : different.get(0)) : ", scales=" + scales) + "]";
    }

    private boolean isScaledIfBytes(Field f) {
        return (scales.get(fields.indexOf(f)) != 1) == (f.dtype() == DType.UINT8);
    }

    /** What an input receives. */
    public enum Source {
        /** The values of a field. */
        VALUES,
        /** The lengths of a field's sequences. */
        LENGTHS,
        /** Which elements of a field's sequences are not padding. */
        MASK
    }

    /**
     * An input of the network.
     *
     * @param name its name
     * @param source what it receives
     * @param field index of the field
     * @param dtype its dtype
     * @param rowShape its shape without the batch
     */
    public record Slot(String name, Source source, int field, DType dtype, List<Long> rowShape)
            implements Serializable {
        /** Makes the list unmodifiable, and one that can be serialized: part of a list cannot. */
        public Slot {
            rowShape = List.copyOf(rowShape);
        }

        Spec spec() {
            long[] dims = new long[rowShape.size() + 1];
            dims[0] = Shape.UNKNOWN;
            for (int i = 1; i < dims.length; i++) {
                dims[i] = rowShape.get(i - 1);
            }
            return new Spec(Shape.of(dims), dtype);
        }
    }

    /**
     * The inputs with which a network is traced.
     *
     * @return names and specs, in the network's order
     */
    public List<Graph.Input> specs() {
        return slots.stream().map(s -> new Graph.Input(s.name(), s.spec())).toList();
    }

    /**
     * The form of these fields in batches.
     *
     * @return one part per field
     */
    public List<Batch.Part> parts() {
        return fields.stream().map(Field::part).toList();
    }

    /**
     * The network's inputs for a batch.
     *
     * @param batch a batch whose first fields are these
     * @return one array per input, or three for a field that is a CSR matrix: indices, values and indptr; valid until the
     *     batch is recycled
     */
    public NDArray[] arrays(Batch batch) {
        return slots.stream().flatMap(s -> Arrays.stream(arrays(s, batch))).toArray(NDArray[]::new);
    }

    /**
     * The arrays of one input.
     *
     * @param slot the input
     * @param batch a batch whose first fields are these
     * @return one array, or three for a CSR matrix
     */
    public NDArray[] arrays(Slot slot, Batch batch) {
        boolean sparse = slot.source() == Source.VALUES && batch.isSparse(slot.field());
        if (!sparse) {
            return new NDArray[] {array(slot, batch)};
        }
        NDArray[] csr = batch.csr(slot.field());
        double scale = scales.get(slot.field());
        return scale == 1 ? csr : new NDArray[] {csr[0], csr[1].mul(scale), csr[2]};
    }

    private NDArray array(Slot s, Batch batch) {
        NDArray x =
                switch (s.source()) {
                    case VALUES -> batch.field(s.field());
                    case LENGTHS -> batch.lengths(s.field());
                    case MASK -> batch.mask(s.field());
                };
        NDArray y = x.dtype() == s.dtype() ? x : x.cast(s.dtype());
        double scale = s.source() == Source.VALUES ? scales.get(s.field()) : 1;
        return scale == 1 ? y : y.mul(scale);
    }

    /**
     * A row of zeros.
     *
     * @return one array per input, with sequences of length 1
     */
    public NDArray[] zeros() {
        return slots.stream()
                .map(s -> {
                    long[] dims = s.spec().shape().dims();
                    for (int i = 0; i < dims.length; i++) {
                        dims[i] = dims[i] == Shape.UNKNOWN ? 1 : dims[i];
                    }
                    return NDArray.zeros(Shape.of(dims), s.dtype());
                })
                .toArray(NDArray[]::new);
    }
}
