package io.kiln.fit;

import io.kiln.data.DataLoader;
import io.kiln.metric.Metric;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.nn.Block;
import io.kiln.nn.loss.Loss;
import io.kiln.optim.Trainer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Trains a network over epochs of a loader's batches, as MXNet's {@code gluon.contrib.estimator}. A batch is the network's inputs
 * and, last, the labels.
 *
 * <pre>{@code
 * net.hybridize();
 * try (Trainer trainer = new Trainer(net.parameters(), new UpdateRule(new Adam()))) {
 *     Fit fit = new Fit(net, new SoftmaxCrossEntropy(), trainer)
 *             .metrics(new Accuracy())
 *             .handle(new Validation(test, new Accuracy()))
 *             .handle(new EarlyStopping(Monitored.largest("validation accuracy"), 3))
 *             .handle(new Checkpoints(directory).keepBest(Monitored.largest("validation accuracy")))
 *             .handle(new ProgressLog(System.out::println));
 *     fit.run(train, 20);
 * }
 * }</pre>
 *
 * <p>Precision, accumulation of gradients, averages of weights and schedules are the trainer's; whether the network is compiled
 * is its own.
 *
 * <p>Concurrency: one thread.
 */
public final class Fit {
    /** The name of the mean loss among the values of an epoch. */
    public static final String LOSS = "loss";

    private final Block network;
    private final Loss loss;
    private final Trainer trainer;
    private final FitProgress progress;
    private final List<FitHandler> handlers = new ArrayList<>();
    private Metric[] metrics = {};

    /**
     * A training.
     *
     * @param network the network, initialized
     * @param loss what to make small
     * @param trainer updates the network's parameters; stays the caller's
     */
    public Fit(Block network, Loss loss, Trainer trainer) {
        this.network = network;
        this.loss = loss;
        this.trainer = trainer;
        this.progress = new FitProgress(network, loss, trainer);
    }

    /**
     * Measures training batches, each before its update.
     *
     * @param values metrics, which are reset with each epoch and stand under their names in {@link FitProgress#values()}
     * @return this
     */
    public Fit metrics(Metric... values) {
        metrics = values.clone();
        return this;
    }

    /**
     * Adds a handler behind those given before.
     *
     * @param handler hears of each epoch and batch
     * @return this
     */
    public Fit handle(FitHandler handler) {
        handlers.add(handler);
        return this;
    }

    /** {@return where training stands} */
    public FitProgress progress() {
        return progress;
    }

    /**
     * Trains until so many epochs have been trained in all, those of earlier calls and of a resumed training included, or a
     * handler {@linkplain FitProgress#stop stops}.
     *
     * @param batches the training data; epoch e takes {@code batches.epoch(e)}
     * @param epochs how many epochs in all, at least 0
     * @return the values of each epoch that has ended, by name
     * @throws IOException when a handler's files fail
     * @throws IllegalArgumentException when a batch has no labels, or an epoch no batch
     */
    public List<Map<String, Double>> run(DataLoader<?> batches, int epochs) throws IOException {
        if (epochs < 0) {
            throw new IllegalArgumentException("fit: epochs must be at least 0, got " + epochs);
        }
        progress.begin();
        for (FitHandler h : handlers) {
            h.trainBegin(progress);
        }
        while (progress.epoch() < epochs && progress.stopped().isEmpty()) {
            epoch(batches);
        }
        for (FitHandler h : handlers) {
            h.trainEnd(progress);
        }
        return progress.history();
    }

    private void epoch(DataLoader<?> batches) throws IOException {
        progress.beginEpoch();
        for (Metric m : metrics) {
            m.reset();
        }
        for (FitHandler h : handlers) {
            h.epochBegin(progress);
        }
        double sum = 0;
        long samples = 0;
        try (DataLoader<?>.Epoch epoch = batches.epoch(progress.epoch())) {
            while (epoch.hasNext() && progress.stopped().isEmpty()) {
                for (FitHandler h : handlers) {
                    h.batchBegin(progress);
                }
                try (Scope scope = Scope.open()) {
                    batch(epoch.next());
                }
                sum += progress.batchLoss() * progress.batchSize();
                samples += progress.batchSize();
                for (FitHandler h : handlers) {
                    h.batchEnd(progress);
                }
            }
        }
        if (samples == 0) {
            throw new IllegalArgumentException("fit: epoch " + progress.epoch() + " has no batch; look at the loader");
        }
        progress.put(LOSS, sum / samples);
        for (Metric m : metrics) {
            progress.put(m.name(), m.value());
        }
        for (FitHandler h : handlers) {
            h.epochEnd(progress);
        }
        progress.endEpoch();
    }

    private void batch(NDArray... arrays) {
        if (arrays.length < 2) {
            throw new IllegalArgumentException(
                    "fit: a batch must be the network's inputs and the labels, got " + arrays.length + " arrays");
        }
        NDArray[] inputs = Arrays.copyOf(arrays, arrays.length - 1);
        NDArray labels = arrays[arrays.length - 1];
        NDArray[] predictions = new NDArray[1];
        NDArray mean = trainer.differentiate(() -> {
            predictions[0] = inFloats(network.callAll(inputs)[0]);
            return loss.mean(predictions[0], labels);
        });
        for (Metric m : metrics) {
            m.update(predictions[0], labels);
        }
        trainer.step(1);
        progress.trained(mean.item(), Math.toIntExact(inputs[0].shape().dim(0)));
    }

    /** In mixed precision losses and metrics see float32. */
    static NDArray inFloats(NDArray y) {
        return y.dtype() == DType.BFLOAT16 || y.dtype() == DType.FLOAT16 ? y.cast(DType.FLOAT32) : y;
    }
}
