package io.kiln.spark.job;

import io.kiln.graph.Graph;
import io.kiln.op.internal.AcrossWorkers;
import org.apache.spark.storage.StorageLevel;

/** Rejects contradictory settings before anything is launched. */
public final class SettingsCheck {
    private SettingsCheck() {}

    /**
     * Whether a text names a storage level that stores something.
     *
     * @param name a name such as {@code MEMORY_AND_DISK}
     * @return false for unknown names and NONE
     */
    public static boolean isStorageLevel(String name) {
        try {
            return StorageLevel.fromString(name).isValid();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /**
     * Checks combinations.
     *
     * @param uid the estimator's uid, for messages
     * @param run its settings
     * @param validates whether a column marks validation rows
     * @throws IllegalArgumentException if two settings contradict each other
     */
    public static void check(String uid, RunSettings run, boolean validates) {
        RunSettings.Cluster c = run.cluster();
        RunSettings.Patience p = c.patience();
        RunSettings.Epochs e = run.epochs();
        if (c.kvStoreType().equals("local") && c.numWorkers() > 1) {
            throw new IllegalArgumentException(
                    "%s: kvStoreType local is for one worker, numWorkers is %d; set kvStoreType to distSync"
                            .formatted(uid, c.numWorkers()));
        }
        if (p.heartbeatTimeout().compareTo(p.timeout()) > 0) {
            throw new IllegalArgumentException(
                    "%s: heartbeatTimeout %s is more than timeout %d, which ends every wait; lower it, or raise timeout"
                            .formatted(
                                    uid,
                                    p.heartbeatTimeout().toMillis() / 1000.0,
                                    p.timeout().toSeconds()));
        }
        if (e.batchSize() > 0 && e.batchSize() < c.numWorkers()) {
            throw new IllegalArgumentException(
                    "%s: batchSize %d is less than numWorkers %d, so some workers would have no rows; raise batchSize"
                            .formatted(uid, e.batchSize(), c.numWorkers()));
        }
        if (e.smoothing().mixup() > 0 && e.batchSize() > 0 && e.batchSize() < 2 * c.numWorkers()) {
            throw new IllegalArgumentException(
                    "%s: mixup mixes rows of a worker's batch, batchSize %d gives the %d workers fewer than 2; raise batchSize"
                            .formatted(uid, e.batchSize(), c.numWorkers()));
        }
        if (e.smoothing().emaDecay() > 0 && e.smoothing().swaStart() > 0) {
            throw new IllegalArgumentException(
                    "%s: emaDecay %s and swaStart %d are both set, but a model has one average of weights; set one of them to 0"
                            .formatted(
                                    uid, e.smoothing().emaDecay(), e.smoothing().swaStart()));
        }
        checkEpochs(uid, e);
        if (e.stopping().isOn() && !validates) {
            throw new IllegalArgumentException(
                    "%s: earlyStoppingPatience %d needs validation rows; set validationIndicatorCol"
                            .formatted(uid, e.stopping().earlyStoppingPatience()));
        }
    }

    /** Checks that averaging begins before training ends, if the number of epochs is known. */
    static void checkEpochs(String uid, RunSettings.Epochs e) {
        if (e.maxEpochs() > 0 && e.smoothing().swaStart() > e.maxEpochs()) {
            throw new IllegalArgumentException(
                    "%s: swaStart: epoch %d does not come, training has %d epochs; lower swaStart, or raise maxEpochs"
                            .formatted(uid, e.smoothing().swaStart(), e.maxEpochs()));
        }
    }

    /** Checks that the settings suit the network. */
    static void checkNetwork(String uid, Graph network, RunSettings run) {
        RunSettings.Epochs e = run.epochs();
        if (e.isSplit() && network.has(AcrossWorkers.class)) {
            throw new IllegalArgumentException(
                    "%s: %s: the network's SyncBatchNorm takes the statistics of whole batches; use BatchNorm, or unset the Param"
                            .formatted(uid, e.smoothing().mixup() > 0 ? "mixup" : "gradientAccumulation"));
        }
        if (e.smoothing().mixup() > 0) {
            for (Graph.Input i : network.inputs()) {
                if (!i.spec().dtype().isFloating()) {
                    throw new IllegalArgumentException(
                            "%s: mixup: input %s is %s, only numbers can be mixed; unset mixup"
                                    .formatted(uid, i.name(), i.spec()));
                }
            }
        }
    }
}
