package io.kiln.spark.job;

import io.kiln.graph.Graph;
import io.kiln.graph.SparseInputs;
import io.kiln.optim.Optimizer;
import io.kiln.spark.feed.Field;
import io.kiln.spark.feed.PackedData;
import io.kiln.spark.feed.SparseFields;
import io.kiln.spark.model.Network;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides which inputs of a fit are CSR matrices, from their columns, the rows, and what the network does with them. */
final class SparseChoice {
    private static final Logger LOG = LoggerFactory.getLogger(SparseChoice.class);
    /** Dense batches of sparse rows are rejected beyond this size. */
    static final long MOST_DENSE_BYTES = 1L << 30;

    private static final int MIB = 20;

    private final String uid;
    private final Work.Prepared prepared;
    private final Network.Traced network;
    private final Optimizer optimizer;

    SparseChoice(String uid, Work.Prepared prepared, Network.Traced network, Optimizer optimizer) {
        this.uid = uid;
        this.prepared = prepared;
        this.network = network;
        this.optimizer = optimizer;
    }

    /**
     * The form of the inputs.
     *
     * @param rows the rows
     * @param share rows of a worker in a batch
     * @param epochs how batches are trained on
     * @return the prepared form, or one in which inputs of sparse rows are CSR matrices
     * @throws IllegalArgumentException if the network needs sparse rows as dense batches that are too large
     */
    TrainingPlan.FeedInput of(PackedData rows, long share, RunSettings.Epochs epochs) {
        boolean lazily = optimizer.updatesLazily() && !epochs.smoothing().averages() && !epochs.isSplit();
        tellOfTables(lazily);
        Graph graph = network.graph();
        List<Integer> fields = prepared.input().fieldsOfInputs();
        Set<String> names = new TreeSet<>();
        Set<Integer> sparse = new TreeSet<>();
        for (int i = 0; i < fields.size(); i++) {
            Field f = fields.get(i) < 0 ? null : prepared.spec().fields().get(fields.get(i));
            if (f == null
                    || !SparseFields.mayBeSparse(f)
                    || !SparseFields.isSparse(rows.density(fields.get(i), f.width()))) {
                continue;
            }
            String name = graph.inputs().get(i).name();
            Optional<String> obstacle = epochs.isSplit()
                    ? Optional.of("is mixed or split by rows (mixup, gradientAccumulation)")
                    : SparseInputs.obstacle(graph, name);
            if (obstacle.isPresent()) {
                dense(f, name, obstacle.get(), share);
            } else {
                names.add(name);
                sparse.add(fields.get(i));
            }
        }
        if (names.isEmpty()) {
            return prepared.input();
        }
        LOG.info(
                "{}: inputs {} are CSR matrices{}",
                uid,
                names,
                lazily
                        ? ", whose weights are updated by rows"
                        : "; the gradients of their weights are dense, since " + reason());
        return new SparseFeed(prepared.input(), names, sparse);
    }

    private void dense(Field f, String input, String obstacle, long share) {
        long bytes = Math.multiplyExact(share, 4L * f.width());
        if (bytes > MOST_DENSE_BYTES) {
            throw new IllegalArgumentException(
                    ("%s: column \"%s\" has sparse rows of %d columns, and input %s %s: dense batches would need %d MiB for"
                                    + " each worker, at most %d are allowed; let the network begin with Dense (without"
                                    + " standardizeFeatures), lower batchSize, or hash to fewer columns")
                            .formatted(
                                    uid,
                                    f.columns().get(0),
                                    f.width(),
                                    input,
                                    obstacle,
                                    bytes >> MIB,
                                    MOST_DENSE_BYTES >> MIB));
        }
        LOG.warn(
                "{}: column \"{}\" has sparse rows of {} columns, but input {} {}: batches are dense and need {} MiB for each worker",
                uid,
                f.columns().get(0),
                f.width(),
                input,
                obstacle,
                Math.max(1, bytes >> MIB));
    }

    /** Why rows without a gradient are updated too. */
    private String reason() {
        return optimizer.updatesLazily()
                ? "emaDecay and swaStart average all rows, and gradientAccumulation adds dense gradients"
                : optimizer.name() + " does not update by rows; sgd, adam and adaGrad do";
    }

    private void tellOfTables(boolean lazily) {
        for (String name : network.byRows()) {
            if (!lazily) {
                LOG.warn("{}: the gradient of {} is dense, since {}", uid, name, reason());
            } else if (!SparseInputs.isOnlyLookedUp(network.graph(), name)) {
                LOG.warn(
                        "{}: the gradient of {} is dense, since the network reads it in other ways than by look-ups",
                        uid,
                        name);
            }
        }
    }
}
