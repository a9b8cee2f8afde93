package io.kiln.spark.job;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kiln.format.ByteChunks;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.spark.feed.Batch;
import io.kiln.spark.feed.NetworkInputs;
import io.kiln.spark.feed.RowsReader;
import io.kiln.spark.model.Features;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The settings of every worker of a fit. Travels as a broadcast variable: text, bytes and numbers.
 *
 * @param model what is trained
 * @param rule how weights are updated, as JSON
 * @param run how the job runs, with the actual number of cores
 * @param rows reads a worker's rows from its blocks
 * @param dataFingerprint a hash of the rows
 */
record TrainingPlan(Model model, String rule, RunSettings run, RowsReader rows, long dataFingerprint)
        implements Serializable {
    /**
     * What is trained.
     *
     * @param graph the network's JSON
     * @param values safetensors of the parameters with given initial values; may be empty
     * @param frozen names of the parameters that are not trained
     * @param byRows names of the parameters whose gradients are kept by rows, beside the weights of sparse inputs
     * @param rates factors on the learning rate by the names of parameters
     * @param input the form of the network's inputs
     * @param goal what training minimizes
     */
    record Model(
            String graph,
            ByteChunks values,
            Set<String> frozen,
            Set<String> byRows,
            Map<String, Double> rates,
            FeedInput input,
            Goal goal)
            implements Serializable {
        /** Makes the collections immutable and sorts them by name. */
        Model {
            rates = Collections.unmodifiableMap(new TreeMap<>(rates));
            frozen = Collections.unmodifiableSet(new TreeSet<>(frozen));
            byRows = Collections.unmodifiableSet(new TreeSet<>(byRows));
        }
    }

    /** The form of the network's inputs in batches. */
    interface FeedInput extends Serializable {
        /** The form of batches of at most so many rows. */
        Batch.Form batches(int capacity);

        /** The inputs for a batch. */
        NDArray[] arrays(Batch batch);

        /** The inputs for a single row of zeros. */
        NDArray[] zeros();

        /** Describes an index that the network rejected. */
        String place(IndexRangeException e, NDArray... inputs);

        /** The field that each input of the network receives the values of; -1 for lengths and masks. */
        List<Integer> fieldsOfInputs();

        /** The inputs that are CSR matrices. */
        default Set<String> sparseInputs() {
            return Set.of();
        }
    }

    /**
     * A single input, the features. Fingerprints of checkpoints contain the factor under its original name.
     *
     * @param rowShape shape of a row
     * @param bytes whether they are uint8, otherwise float32
     * @param inputScale factor on them
     */
    record Input(long[] rowShape, boolean bytes, @JsonProperty("scale") double inputScale) implements FeedInput {
        @Override
        public Batch.Form batches(int capacity) {
            return new Batch.Form(capacity, bytes ? DType.UINT8 : DType.FLOAT32, rowShape);
        }

        @Override
        public NDArray[] arrays(Batch batch) {
            if (batch.isSparse(0)) {
                NDArray[] csr = batch.csr(0);
                return new NDArray[] {csr[0], Features.scaled(csr[1], inputScale), csr[2]};
            }
            return new NDArray[] {Features.scaled(batch.features(), inputScale)};
        }

        @Override
        public List<Integer> fieldsOfInputs() {
            return List.of(0);
        }

        @Override
        public NDArray[] zeros() {
            long[] dims = new long[rowShape.length + 1];
            dims[0] = 1;
            System.arraycopy(rowShape, 0, dims, 1, rowShape.length);
            return new NDArray[] {NDArray.zeros(Shape.of(dims), DType.FLOAT32)};
        }

        @Override
        public String place(IndexRangeException e, NDArray... inputs) {
            return Features.place(inputs[0], e);
        }
    }

    /**
     * Lists of items, of which the network gets one item after another, padding included.
     *
     * @param rowShape shape of an item
     * @param inputScale factor on the features
     * @param parts the form of the items' features and of their relevances
     */
    record ListInput(List<Long> rowShape, double inputScale, List<Batch.Part> parts) implements FeedInput {
        /** Makes the lists unmodifiable. */
        ListInput {
            rowShape = List.copyOf(rowShape);
            parts = List.copyOf(parts);
        }

        private Shape shape(long items) {
            long[] dims = new long[rowShape.size() + 1];
            dims[0] = items;
            for (int i = 1; i < dims.length; i++) {
                dims[i] = rowShape.get(i - 1);
            }
            return Shape.of(dims);
        }

        @Override
        public Batch.Form batches(int capacity) {
            return new Batch.Form(capacity, parts);
        }

        @Override
        public NDArray[] arrays(Batch batch) {
            NDArray lists = batch.field(ListGoal.ITEMS);
            Shape items = shape(lists.shape().dim(0) * lists.shape().dim(1));
            return new NDArray[] {Features.scaled(lists.reshape(items.dims()), inputScale)};
        }

        @Override
        public NDArray[] zeros() {
            return new NDArray[] {NDArray.zeros(shape(1), DType.FLOAT32)};
        }

        @Override
        public List<Integer> fieldsOfInputs() {
            return List.of(ListGoal.ITEMS);
        }

        @Override
        public String place(IndexRangeException e, NDArray... inputs) {
            return Features.place(inputs[0], e);
        }
    }

    /**
     * Named inputs; the fields of targets follow theirs.
     *
     * @param inputs the inputs
     * @param targets the form of the targets
     */
    record NamedInput(NetworkInputs inputs, List<Batch.Part> targets) implements FeedInput {
        /** Makes the list unmodifiable. */
        NamedInput {
            targets = List.copyOf(targets);
        }

        @Override
        public Batch.Form batches(int capacity) {
            List<Batch.Part> all = new ArrayList<>(inputs.parts());
            all.addAll(targets);
            return new Batch.Form(capacity, all);
        }

        @Override
        public NDArray[] arrays(Batch batch) {
            return inputs.arrays(batch);
        }

        @Override
        public List<Integer> fieldsOfInputs() {
            return inputs.slots().stream()
                    .map(s -> s.source() == NetworkInputs.Source.VALUES ? s.field() : -1)
                    .toList();
        }

        @Override
        public NDArray[] zeros() {
            return inputs.zeros();
        }

        @Override
        public String place(IndexRangeException e, NDArray... arrays) {
            return Features.place(inputs, e, arrays);
        }
    }

    private static Object described(FeedInput input) {
        if (input instanceof SparseFeed sparse) {
            return described(sparse.dense()) + " with CSR matrices " + sparse.names();
        }
        return input instanceof Input one ? new ObjectMapper().valueToTree(one) : input;
    }

    int workers() {
        return run.cluster().numWorkers();
    }

    /**
     * A hash of everything that determines the bits of the result, except how long training continues: equal
     * fingerprints, equal weights after the same number of epochs.
     */
    String fingerprint() {
        RunSettings.Epochs e = run.epochs();
        RunSettings.Cluster c = run.cluster();
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            List<Object> parts = new ArrayList<>(List.of(
                    model.graph(),
                    described(model.input()),
                    model.goal(),
                    rule,
                    e.batchSize(),
                    e.seed(),
                    e.shuffle(),
                    e.stopping().earlyStoppingPatience(),
                    e.stopping().validationMetric(),
                    e.arithmetic().precision(),
                    c.numWorkers(),
                    c.coresPerWorker(),
                    c.deviceSetting().type(),
                    dataFingerprint,
                    model.frozen()));
            if (!model.byRows().isEmpty()) { // fingerprints of plans without such stay what they were
                parts.add(model.byRows());
            }
            if (!model.rates().isEmpty()) {
                parts.add(model.rates());
            }
            if (e.isRefined()) {
                parts.add(e.smoothing());
                parts.add(e.arithmetic().gradientAccumulation());
            }
            for (Object part : parts) {
                byte[] text = part.toString().getBytes(StandardCharsets.UTF_8);
                digest.update(
                        ByteBuffer.allocate(Integer.BYTES).putInt(text.length).array());
                digest.update(text);
            }
            model.values().writeTo(new DigestOutputStream(OutputStream.nullOutputStream(), digest));
            return HexFormat.of().formatHex(digest.digest(), 0, 12);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        } catch (NoSuchAlgorithmException ex) {
            throw new IllegalStateException("every JVM has SHA-256", ex);
        }
    }
}
