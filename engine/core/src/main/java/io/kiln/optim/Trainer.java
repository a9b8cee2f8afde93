package io.kiln.optim;

import io.kiln.autograd.Autograd;
import io.kiln.autograd.GradReq;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.RowSparse;
import io.kiln.ndarray.Scope;
import io.kiln.nn.Parameter;
import io.kiln.observe.Observation;
import io.kiln.op.Autocast;
import io.kiln.op.CastLists;
import io.kiln.op.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.DoubleFunction;
import java.util.function.Supplier;

/**
 * Updates parameters after backward passes.
 *
 * <pre>{@code
 * Trainer trainer = new Trainer(net.parameters(), new UpdateRule(new Adam()));
 * for (Batch batch : batches) {
 *     try (Scope scope = Scope.open()) {
 *         NDArray loss;
 *         try (Autograd.Mode record = Autograd.record()) {
 *             loss = new SoftmaxCrossEntropy().mean(net.forward(batch.x()), batch.y());
 *         }
 *         Autograd.backward(loss);
 *         trainer.step(1); // the mean is taken already
 *     }
 * }
 * }</pre>
 *
 * <p>In mixed precision, and wherever it is shorter, {@link #differentiate} records, scales the loss and goes backward:
 *
 * <pre>{@code
 * trainer.precision(Precision.BFLOAT16).accumulate(4).average(new WeightAverage.Settings());
 * trainer.differentiate(() -> new SoftmaxCrossEntropy().mean(net.forward(x), y));
 * trainer.step(1); // updates with every fourth call
 * }</pre>
 *
 * <p>Concurrency: one thread, that of the backward passes.
 */
public final class Trainer implements AutoCloseable {
    private final Map<String, Parameter> parameters;
    private final Consumer<List<NDArray>> exchange;
    private final TrainerStates states;
    private final Map<String, Parameter> pending = new LinkedHashMap<>();
    private final UpdateRule rule;
    private double fixedRate = Double.NaN;
    private Precision precision = Precision.FLOAT32;
    private CastLists lists = CastLists.STANDARD;
    private LossScaler scaler;
    private WeightAverage average;
    private int accumulation = 1;
    private int collected;
    private double collectedSize;
    private long steps;

    /**
     * A trainer of parameters that this process alone has.
     *
     * @param parameters parameters by name, for messages and saved states; those that are not trained are left alone
     * @param rule how to update them
     */
    public Trainer(Map<String, Parameter> parameters, UpdateRule rule) {
        this(parameters, rule, null);
    }

    /**
     * A trainer of parameters that several workers hold copies of.
     *
     * @param parameters parameters by name; equal on all workers
     * @param rule how to update them; equal on all workers
     * @param exchange is given all gradients, dense, before each update and leaves in each the sum over the workers: the
     *     pushPull of a KVStore, key by key; null for none
     */
    public Trainer(Map<String, Parameter> parameters, UpdateRule rule, Consumer<List<NDArray>> exchange) {
        this.parameters = new LinkedHashMap<>(parameters);
        this.states = new TrainerStates(this.parameters, rule.optimizer());
        this.rule = rule;
        this.exchange = exchange;
    }

    /**
     * Lets {@link #differentiate} compute in mixed precision; weights, their gradients and the updates stay float32.
     *
     * @param newPrecision the narrow type; float16 brings a {@link LossScaler} with its default settings
     * @return this trainer
     */
    public Trainer precision(Precision newPrecision) {
        return precision(newPrecision, CastLists.STANDARD, new LossScaler.Settings());
    }

    /**
     * Lets {@link #differentiate} compute in mixed precision.
     *
     * @param newPrecision the narrow type
     * @param newLists which operators compute in what type
     * @param scaling how losses are scaled in float16
     * @return this trainer
     */
    public Trainer precision(Precision newPrecision, CastLists newLists, LossScaler.Settings scaling) {
        precision = newPrecision;
        lists = newLists;
        scaler = newPrecision == Precision.FLOAT16 ? new LossScaler(scaling) : null;
        return this;
    }

    /**
     * Sums gradients over several batches: only every so many calls of {@link #step(double)} update, with gradients divided
     * by the sum of the batch sizes given; {@link #flush} updates with fewer. Parameters get {@link GradReq#ADD}. Batches of
     * unequal sizes count by their samples when losses are summed, not averaged, and {@code step} is given their number (or
     * the sum of their weights, {@link io.kiln.nn.loss.Loss#sums}).
     *
     * @param batches how many batches make one update, at least 1
     * @return this trainer
     */
    public Trainer accumulate(int batches) {
        Check.positive("trainer", "batches", batches);
        if (collected > 0) {
            throw new IllegalStateException("trainer: " + collected + " of " + accumulation
                    + " batches are accumulated; change the number after an update");
        }
        accumulation = batches;
        GradReq request = batches > 1 ? GradReq.ADD : GradReq.WRITE;
        parameters.values().stream().filter(Parameter::isTrained).forEach(p -> p.gradReq(request));
        return this;
    }

    /**
     * Keeps an average of the weights, saved with the states.
     *
     * @param rule how weights are averaged
     * @return this trainer
     */
    public Trainer average(WeightAverage.Rule rule) {
        if (average != null) {
            average.close();
        }
        average = new WeightAverage(rule, parameters);
        return this;
    }

    /**
     * The average of the weights.
     *
     * @return the average
     * @throws IllegalStateException when none is kept
     */
    public WeightAverage average() {
        if (average == null) {
            throw new IllegalStateException("trainer: keeps no average of the weights; call average(rule) first");
        }
        return average;
    }

    /**
     * Records a loss in the trainer's precision and goes backward.
     *
     * @param loss computes the loss, in whose elements' sum the gradients are taken
     * @return the loss, not scaled
     */
    public NDArray differentiate(Supplier<NDArray> loss) {
        NDArray value;
        NDArray head;
        try (Autograd.Mode record = Autograd.record()) {
            try (Autocast.Mode cast = Autocast.open(precision, lists)) {
                value = loss.get();
            }
            head = scaler == null ? value : value.cast(DType.FLOAT32).mul(scaler.scale());
        }
        Autograd.backward(head);
        if (scaler != null && !value.isTraced() && value.size() == 1) {
            value.prefetch(); // step waits for the gradients' finiteness, and the loss arrives with it
        }
        return value;
    }

    /**
     * The factor on losses in float16.
     *
     * @return the scale; 1 in other precisions
     */
    public double lossScale() {
        return scaler == null ? 1 : scaler.scale();
    }

    /**
     * Updates all trained parameters once. On a device it waits for nothing: a norm of the gradients by which they are clipped stays
     * there, and when it is not finite the update changes nothing and the exception comes from where the program next reads a
     * value. In float16 alone it waits once, to know whether gradients have overflowed; the loss that {@link #differentiate} has
     * returned arrives with that.
     *
     * @param batchSize by what gradients are divided: the number of samples (of all workers) when their losses were summed, 1
     *     when the mean was taken; 0 for a batch of which nothing counts
     * @return whether parameters were updated: not while batches {@linkplain #accumulate accumulate}, not when all of them count
     *     nothing, and not after an overflow in float16
     * @throws LossScaleException when gradients keep overflowing in float16 at the least scale of the loss
     * @throws IllegalStateException when no backward pass has reached a parameter since the last step
     */
    public boolean step(double batchSize) {
        return step(batchSize, false);
    }

    /**
     * Updates trained parameters once.
     *
     * @param batchSize by what gradients are divided
     * @param ignoreStaleGradient whether parameters that no backward pass has reached since the last step are left as they are,
     *     instead of being refused
     * @return whether parameters were updated
     * @throws IllegalStateException when a gradient is stale and that is not to be ignored
     */
    public boolean step(double batchSize, boolean ignoreStaleGradient) {
        Check.atLeastZero("trainer", "batchSize", batchSize);
        if (average != null) {
            average.checkOut();
        }
        Map<String, Parameter> updated = collect(batchSize, ignoreStaleGradient);
        return collected == 0 && apply(updated);
    }

    /**
     * Updates with the batches accumulated so far, fewer than make an update; at the end of an epoch, say.
     *
     * @return whether parameters were updated: not when no batch is waiting
     */
    public boolean flush() {
        if (collected == 0) {
            return false;
        }
        if (average != null) {
            average.checkOut();
        }
        return apply(takePending());
    }

    private boolean apply(Map<String, Parameter> updated) {
        if (exchange != null) {
            exchange.accept(updated.values().stream().map(Parameter::gradient).toList());
        }
        double size = collectedSize;
        collectedSize = 0;
        if (size == 0) {
            updated.values().forEach(this::forget);
            return false;
        }
        List<NDArray> gradients =
                updated.values().stream().map(Trainer::elements).toList();
        double rescale = 1 / (size * lossScale());
        boolean clips = Double.isFinite(rule.clipNorm());
        try (Scope scope = Scope.open()) {
            GradientClipping.Look look = new GradientClipping.Look(gradients, scaler != null, clips && scaler != null);
            if (scaler != null) {
                boolean overflow = !look.areFinite();
                if (overflow) {
                    updated.values().forEach(this::forget);
                }
                scaler.observe(overflow);
                if (overflow) {
                    return false;
                }
            }
            LateClip clip = null;
            if (clips) {
                clip = scaler != null ? null : LateClip.of(gradients, rescale, rule.clipNorm(), normError(steps + 1));
                rescale = clip != null ? 1 : rescale * clipFactor(rescale * Math.sqrt(look.sumOfSquares()));
            }
            double learningRate = learningRate();
            steps++;
            try (Observation.Span update = Observation.span("update")) {
                update(updated, rescale, clip, learningRate);
            }
        }
        return true;
    }

    private void update(Map<String, Parameter> updated, double rescale, LateClip clip, double learningRate) {
        for (Map.Entry<String, Parameter> e : updated.entrySet()) {
            Parameter p = e.getValue();
            TrainerStates.State s = states.of(e.getKey());
            s.updates++;
            Step step = rule.step(s.updates, p.role(), rescale).withLearningRate(learningRate);
            RowSparse rows = rule.optimizer().updatesLazily() ? p.rowGradient() : null;
            if (rows != null) {
                Updates.runLazily(rule.optimizer(), step, clip, p.value(), rows, s.arrays);
            } else {
                Updates.run(rule.optimizer(), step, clip, p.value(), p.gradient(), s.arrays);
            }
            forget(p);
        }
        if (average != null) {
            average.update(updated.keySet());
        }
    }

    /** What is to be updated now; nothing while batches accumulate. */
    private Map<String, Parameter> collect(double batchSize, boolean ignoreStale) {
        Map<String, Parameter> fresh = fresh(ignoreStale);
        collectedSize += batchSize;
        if (accumulation == 1) {
            return fresh;
        }
        pending.putAll(fresh);
        fresh.values().forEach(p -> Autograd.consumeGradient(p.value()));
        return ++collected < accumulation ? Map.of() : takePending();
    }

    private Map<String, Parameter> takePending() {
        collected = 0;
        Map<String, Parameter> updated = new LinkedHashMap<>(parameters);
        updated.keySet().retainAll(pending.keySet());
        pending.clear();
        return updated;
    }

    private void forget(Parameter p) {
        Autograd.consumeGradient(p.value());
        if (accumulation > 1) {
            Autograd.zeroGradient(p.value());
        }
    }

    /** All elements of a gradient that may differ from 0. */
    private static NDArray elements(Parameter p) {
        RowSparse rows = p.rowGradient();
        return rows != null ? rows.rows() : p.gradient();
    }

    private double clipFactor(double norm) {
        double factor = GradientClipping.factor(norm, rule.clipNorm());
        if (Double.isNaN(factor)) {
            throw normError(steps + 1).apply(norm);
        }
        return factor;
    }

    private static DoubleFunction<RuntimeException> normError(long step) {
        return norm -> new IllegalStateException("trainer: the norm of the gradients is " + norm + " at step " + step
                + "; lower the learning rate or look for NaN in the data");
    }

    private Map<String, Parameter> fresh(boolean ignoreStale) {
        Map<String, Parameter> fresh = new LinkedHashMap<>();
        List<String> stale = new ArrayList<>();
        parameters.forEach((n, p) -> {
            if (p.isTrained()) {
                if (p.hasData() && Autograd.isGradientFresh(p.value())) {
                    fresh.put(n, p);
                } else {
                    stale.add(n);
                }
            }
        });
        if (!stale.isEmpty() && !ignoreStale) {
            throw new IllegalStateException("trainer: no backward pass since the last step has reached " + stale
                    + "; their gradients are stale. Freeze parameters that the loss does not depend on, or call"
                    + " step(batchSize, true)");
        }
        return fresh;
    }

    /**
     * How many steps were made.
     *
     * @return the number of the last step
     */
    public long steps() {
        return steps;
    }

    /**
     * The learning rate of the next step.
     *
     * @return what {@link #setLearningRate} was given last, or else what the schedule says
     */
    public double learningRate() {
        return Double.isNaN(fixedRate) ? rule.schedule().at(steps + 1) : fixedRate;
    }

    /**
     * Takes this learning rate from now on, in place of the schedule's; saved with the states.
     *
     * @param learningRate the rate, at least 0
     */
    public void setLearningRate(double learningRate) {
        Check.atLeastZero("trainer", "learningRate", learningRate);
        fixedRate = learningRate;
    }

    /** {@return how many batches make one update} */
    public int accumulation() {
        return accumulation;
    }

    /**
     * Writes all that decides the next steps, besides the weights, to a safetensors file: the optimizer's states, gradients that
     * wait for further batches, averages of the weights, the loss scale and a learning rate that was set.
     *
     * @param file the file, replaced atomically
     * @throws IOException when writing fails
     */
    public void saveStates(Path file) throws IOException {
        TrainerStates.Counters counters =
                new TrainerStates.Counters(steps, fixedRate, accumulation, collected, collectedSize);
        states.write(file, counters, pending, average, scaler);
    }

    /**
     * Reads what {@link #saveStates} has written.
     *
     * @param file a file written by {@link #saveStates}
     * @throws IOException when reading fails or the file is damaged
     * @throws IllegalArgumentException when the states belong to another optimizer or network, or hold batches that this
     *     trainer does not {@link #accumulate}
     */
    public void loadStates(Path file) throws IOException {
        TrainerStates.Saved saved = states.read(file, accumulation, average, scaler);
        pending.keySet().removeAll(saved.pending());
        pending.values().forEach(this::forget);
        pending.clear();
        saved.pending().forEach(n -> pending.put(n, parameters.get(n)));
        steps = saved.counters().steps();
        fixedRate = saved.counters().fixedRate();
        collected = saved.counters().collected();
        collectedSize = saved.counters().collectedSize();
    }

    /** Frees the states and averages. */
    @Override
    public void close() {
        if (average != null) {
            average.close();
        }
        states.close();
    }
}
