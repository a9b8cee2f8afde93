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
 * Where a training stands, and what handlers may do to it.
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

    /** {@return the network that is trained} */
    public Block network() {
        return network;
    }

    /** {@return the loss that is made small} */
    public Loss loss() {
        return loss;
    }

    /** {@return the trainer that updates the network} */
    public Trainer trainer() {
        return trainer;
    }

    /** {@return the number of the epoch under way, or to come, from 0} */
    public int epoch() {
        return epoch;
    }

    /** {@return how many batches have been trained with, in all epochs} */
    public long batches() {
        return batches;
    }

    /** {@return how many samples have been trained with, in all epochs} */
    public long samples() {
        return samples;
    }

    /** {@return the mean loss of the last batch; NaN before the first, and of a batch of which nothing counts} */
    public double batchLoss() {
        return batchLoss;
    }

    /** {@return the number of samples of the last batch} */
    public int batchSize() {
        return batchSize;
    }

    /**
     * What is known of the epoch under way: {@code loss} and the metrics when it ends, and what handlers {@linkplain #put put}.
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
     * The values of all epochs that have ended.
     *
     * @return a map by name for each epoch
     */
    public List<Map<String, Double>> history() {
        return Collections.unmodifiableList(history);
    }

    /**
     * Ends the training after the batch or epoch under way.
     *
     * @param reason why, in a few words
     */
    public void stop(String reason) {
        stopped = stopped == null ? reason : stopped;
    }

    /** {@return why a handler has stopped the training; empty while none has} */
    public Optional<String> stopped() {
        return Optional.ofNullable(stopped);
    }

    /** Goes on where an earlier training has ended, with what its handlers remembered. */
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

    /** Gives the handlers of a resumed training what they remembered. */
    void resumeHandlers() {
        if (resumed != null) {
            byName().forEach((name, h) -> h.resume(this, resumed.getOrDefault(name, Map.of())));
        }
    }

    /** What handlers remember, by names that a training of the same program gives them again. */
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
