package io.kiln.fit;

import io.kiln.nn.Block;
import io.kiln.nn.loss.Loss;
import io.kiln.optim.Trainer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The progress of a training, through which handlers can influence it.
 *
 * <p>Concurrency: the thread of {@link Fit#run}.
 */
public final class FitProgress {
    private final Block network;
    private final Loss loss;
    private final Trainer trainer;
    private final List<Map<String, Double>> history = new ArrayList<>();
    private final Map<String, Double> values = new LinkedHashMap<>();
    private int epoch;
    private long batches;
    private long samples;
    private double batchLoss = Double.NaN;
    private int batchSize;
    private String stopped;
    private List<FitHandler> handlers = List.of();
    private Map<String, Map<String, Double>> resumed;

    FitProgress(Block network, Loss loss, Trainer trainer) {
        this.network = network;
        this.loss = loss;
        this.trainer = trainer;
    }

    /** {@return the network being trained} */
    public Block network() {
        return network;
    }

    /** {@return the loss being minimized} */
    public Loss loss() {
        return loss;
    }

    /** {@return the trainer that updates the network} */
    public Trainer trainer() {
        return trainer;
    }

    /** {@return the number of the current or next epoch, from 0} */
    public int epoch() {
        return epoch;
    }

    /** {@return the number of training batches so far, in all epochs} */
    public long batches() {
        return batches;
    }

    /** {@return the number of training samples so far, in all epochs} */
    public long samples() {
        return samples;
    }

    /** {@return the mean loss of the last batch; NaN before the first, and for a batch in which nothing counts} */
    public double batchLoss() {
        return batchLoss;
    }

    /** {@return the number of samples of the last batch} */
    public int batchSize() {
        return batchSize;
    }

    /**
     * The values of the current epoch: {@code loss} and the metrics at its end, and values {@linkplain #put added} by
     * handlers.
     *
     * @return values by name
     */
    public Map<String, Double> values() {
        return Collections.unmodifiableMap(values);
    }

    /**
     * Adds a value to those of the epoch.
     *
     * @param name its name, such as {@code validation loss}
     * @param value its value
     */
    public void put(String name, double value) {
        values.put(name, value);
    }

    /**
     * The values of all finished epochs.
     *
     * @return one map by name per epoch
     */
    public List<Map<String, Double>> history() {
        return Collections.unmodifiableList(history);
    }

    /**
     * Ends the training after the current batch or epoch.
     *
     * @param reason the reason, in a few words
     */
    public void stop(String reason) {
        stopped = stopped == null ? reason : stopped;
    }

    /** {@return why a handler has stopped the training; empty if none has} */
    public Optional<String> stopped() {
        return Optional.ofNullable(stopped);
    }

    /** Resumes an earlier training, with its handlers' states. */
    void resume(
            int epochs,
            long batchesBefore,
            long samplesBefore,
            List<Map<String, Double>> historyBefore,
            Map<String, Map<String, Double>> states) {
        resumed = states;
        epoch = epochs;
        batches = batchesBefore;
        samples = samplesBefore;
        history.clear();
        history.addAll(historyBefore);
    }

    void begin(List<FitHandler> told) {
        stopped = null;
        resumed = null;
        handlers = told;
    }

    /** Passes the handlers' saved states of a resumed training to them. */
    void resumeHandlers() {
        if (resumed != null) {
            byName().forEach((name, h) -> h.resume(this, resumed.getOrDefault(name, Map.of())));
        }
    }

    /** The handlers' states, under names that are the same in another run of the same program. */
    Map<String, Map<String, Double>> handlerStates() {
        Map<String, Map<String, Double>> states = new LinkedHashMap<>();
        byName().forEach((name, h) -> {
            if (!h.state().isEmpty()) {
                states.put(name, h.state());
            }
        });
        return states;
    }

    private Map<String, FitHandler> byName() {
        Map<String, FitHandler> named = new LinkedHashMap<>();
        for (FitHandler h : handlers) {
            String type = h.getClass().getName();
            int number = 0;
            while (named.containsKey(type + "#" + number)) {
                number++;
            }
            named.put(type + "#" + number, h);
        }
        return named;
    }

    void beginEpoch() {
        values.clear();
    }

    void trained(double lossOfBatch, int size) {
        batchLoss = lossOfBatch;
        batchSize = size;
        batches++;
        samples += size;
    }

    void endEpoch() {
        history.add(Collections.unmodifiableMap(new LinkedHashMap<>(values)));
        epoch++;
    }
}
