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
import java.util.List;
import java.util.Map;

/**
 * Trains a network over epochs of a loader's batches, as MXNet's {@code gluon.contrib.estimator}. A batch is the network's inputs
 * and, last, the labels; with {@link #weighted} weights follow the labels.
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
 * <p>Each update takes the mean over all that counts in it: samples, or labels that are not ignored, with their weights. That holds
 * for batches that {@linkplain Trainer#accumulate accumulate} as well, whatever their sizes; those left over at the end of an epoch
 * make an update of their own. A batch of which nothing counts updates nothing.
 *
 * <p>On a device each batch waits once: the loss and what metrics look at arrive together, with a weighted batch before its update,
 * whose denominator is the sum of weights, else behind it. Metrics are computed on the processor.
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
    private boolean weighted;

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
     * Measures training batches with what the network said before their updates.
     *
     * @param values metrics, which are reset with each epoch and stand under their names in {@link FitProgress#values()}
     * @return this
     */
    public Fit metrics(Metric... values) {
        metrics = values.clone();
        return this;
    }

    /**
     * Takes batches whose last array, behind the labels, are weights as {@link Loss} takes them: per sample, or per label, such as
     * a mask of tokens. Loss and metrics heed them.
     *
     * @return this
     */
    public Fit weighted() {
        weighted = true;
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
     * @throws IllegalArgumentException when a batch has no labels, or an epoch no batch or nothing that counts
     */
    public List<Map<String, Double>> run(DataLoader<?> batches, int epochs) throws IOException {
        if (epochs < 0) {
            throw new IllegalArgumentException("fit: epochs must be at least 0, got " + epochs);
        }
        progress.begin(handlers);
        for (FitHandler h : handlers) {
            h.trainBegin(progress);
        }
        progress.resumeHandlers();
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
        Measure measure = new Measure(loss, metrics, weighted);
        long before = progress.samples();
        try (DataLoader<?>.Epoch epoch = batches.epoch(progress.epoch())) {
            while (epoch.hasNext() && progress.stopped().isEmpty()) {
                for (FitHandler h : handlers) {
                    h.batchBegin(progress);
                }
                try (Scope scope = Scope.open()) {
                    batch(measure, epoch.next());
                }
                for (FitHandler h : handlers) {
                    h.batchEnd(progress);
                }
            }
        }
        trainer.flush();
        if (progress.samples() == before) {
            throw new IllegalArgumentException("fit: epoch " + progress.epoch() + " has no batch; look at the loader");
        }
        measure.report("fit: epoch " + progress.epoch(), "", progress);
        for (FitHandler h : handlers) {
            h.epochEnd(progress);
        }
        for (FitHandler h : handlers) {
            h.epochDone(progress);
        }
        progress.endEpoch();
    }

    private void batch(Measure measure, NDArray... arrays) {
        Measure.Batch batch = measure.split("fit", arrays);
        NDArray[] predictions = new NDArray[1];
        NDArray[] weightSum = new NDArray[1];
        NDArray value = trainer.differentiate(() -> {
            NDArray y = inFloats(network.callAll(batch.inputs())[0]);
            predictions[0] = y;
            if (trainer.accumulation() == 1 && !measure.hasWeights(y, batch)) {
                return loss.mean(y, batch.labels());
            }
            NDArray[] sums = measure.sums(y, batch);
            weightSum[0] = sums[1];
            return sums[0];
        });
        Measure.Seen seen = measure.look(predictions[0], batch);
        NDArray sum = value.prefetch();
        boolean summed = weightSum[0] != null;
        double weight = summed ? weightSum[0].item() : batch.samples();
        trainer.step(summed ? weight : 1);
        double mean = summed ? sum.item() / weight : sum.item();
        measure.add(mean, weight, seen, batch);
        progress.trained(mean, batch.samples());
    }

    /** In mixed precision losses and metrics see float32. */
    static NDArray inFloats(NDArray y) {
        return y.dtype() == DType.BFLOAT16 || y.dtype() == DType.FLOAT16 ? y.cast(DType.FLOAT32) : y;
    }
}
