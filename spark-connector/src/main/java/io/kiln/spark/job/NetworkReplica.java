package io.kiln.spark.job;

import io.kiln.backend.Backends;
import io.kiln.compile.CompileOptions;
import io.kiln.compile.Executable;
import io.kiln.compile.GraphCompiler;
import io.kiln.compile.internal.CapturedPredictions;
import io.kiln.format.ByteChunks;
import io.kiln.format.SafeTensors;
import io.kiln.graph.Graph;
import io.kiln.graph.SparseInputs;
import io.kiln.kvstore.GradientExchange;
import io.kiln.kvstore.GroupSum;
import io.kiln.kvstore.SendForecast;
import io.kiln.kvstore.TrainedParameter;
import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.nn.GraphBlock;
import io.kiln.nn.Parameter;
import io.kiln.op.CastLists;
import io.kiln.op.Precision;
import io.kiln.op.distributed.Workers;
import io.kiln.op.internal.AcrossWorkers;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.shape.Movement;
import io.kiln.optim.GradientStep;
import io.kiln.optim.LossScaler;
import io.kiln.optim.UpdateRule;
import io.kiln.spark.tensorboard.ValueHistogram;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A worker's copy of the network: weights shared with the other workers, and its own running statistics. */
final class NetworkReplica implements AutoCloseable {
    private final Graph graph;
    private final Graph computed;
    private final GraphBlock block;
    private final GraphBlock network;
    private final GradientExchange exchange;
    private final GradientStep gradients;
    private final Map<List<Spec>, Executable> predictors = new HashMap<>();
    private final CapturedPredictions predictions = new CapturedPredictions(new CompileOptions());
    private final GroupSum sums;
    private final Set<String> frozen;
    private final boolean floats16;
    private final boolean scaled;
    private final List<String> trained = new ArrayList<>();
    private final Map<String, ValueHistogram> seen = new HashMap<>();
    private final Set<String> transposed;
    private final boolean refined;
    private final boolean mixes;
    private final RunSettings.Smoothing smoothing;
    private final AveragedStatistics averagedStatistics;
    private final GradientSum parts = new GradientSum();
    private boolean watched;
    private double factor = 1;
    private final Map<String, NDArray> values = new LinkedHashMap<>();
    private final Map<String, NDArray> statistics = new LinkedHashMap<>();
    private final Map<String, NDArray> statisticsBefore = new LinkedHashMap<>();

    /**
     * Makes the network.
     *
     * @param plan the training
     * @param transport the connection to the other workers; null if there are none
     */
    NetworkReplica(TrainingPlan plan, Transport transport) {
        this.frozen = plan.model().frozen();
        this.graph = Graph.fromJson(plan.model().graph());
        this.block = new GraphBlock(graph);
        Precision precision = plan.run().epochs().arithmetic().type();
        SparseInputs.Rewritten sparse =
                SparseInputs.rewrite(graph, plan.model().input().sparseInputs());
        this.transposed = sparse.transposed();
        this.computed = computed(transposed.isEmpty() ? graph : sparse.graph(), precision);
        Set<String> byRows = new HashSet<>(transposed);
        this.refined = plan.run().epochs().isSplit();
        this.smoothing = plan.run().epochs().smoothing();
        this.mixes = smoothing.mixup() > 0;
        plan.model().byRows().stream()
                .filter(name -> !refined)
                .filter(name -> SparseInputs.isOnlyLookedUp(graph, name))
                .forEach(byRows::add);
        block.initialize(plan.run().epochs().seed());
        List<TrainedParameter> exchanged = new ArrayList<>();
        try (Scope scope = Scope.open()) {
            Map<String, NDArray> given = plan.model().values().isEmpty()
                    ? Map.of()
                    : read(plan.model().values());
            Map<String, Parameter> own = block.parameters();
            own.forEach((name, p) -> {
                if (given.containsKey(name)) {
                    p.set(given.get(name));
                }
                if (frozen.contains(name)) {
                    p.freeze();
                    values.put(name, kept(name, p.value()));
                } else if (p.role().isTrained()) {
                    NDArray value = inComputed(name, p.value());
                    boolean handedOver = value != p.value();
                    if (handedOver) {
                        p.close(); // copies of a large weight would decide the worker's memory
                    }
                    exchanged.add(new TrainedParameter(
                            name,
                            value,
                            p.role(),
                            byRows.contains(name),
                            handedOver,
                            plan.model().rates().getOrDefault(name, 1.0)));
                    trained.add(name);
                } else {
                    values.put(name, kept(name, p.value()));
                    if (p.initializer() != null) {
                        statistics.put(name, values.get(name));
                    }
                }
            });
            this.sums = transport != null && graph.has(AcrossWorkers.class) ? new GroupSum(transport) : null;
            this.floats16 = precision == Precision.FLOAT16;
            this.scaled = floats16 || sums != null;
            LossScaler scaler = floats16 ? new LossScaler(new LossScaler.Settings()) : null;
            this.exchange = new GradientExchange(
                    transport,
                    exchanged,
                    UpdateRule.fromJson(plan.rule()),
                    scaler,
                    plan.run().epochs().smoothing().averaging());
            for (int i = 0; i < trained.size(); i++) {
                values.put(trained.get(i), exchange.weights().get(i));
                own.get(trained.get(i)).close();
            }
        }
        this.averagedStatistics = new AveragedStatistics(statistics);
        Backends.current().allocator().trim(); // initial values and their copies, as large as the largest weights
        this.network = computed == graph ? block : narrowed();
        this.gradients =
                gradients(plan.model().goal(), plan.run().epochs().arithmetic().compileOptions());
    }

    private static Graph computed(Graph graph, Precision precision) {
        return precision == Precision.FLOAT32
                ? graph
                : new GraphBlock(graph).inPrecision(precision, CastLists.STANDARD);
    }

    /** A parameter's value in the computed network: a transposed copy for a weight of a sparse input. */
    private NDArray inComputed(String name, NDArray value) {
        return transposed.contains(name) ? Linalg.matrixTranspose(value).copy() : value;
    }

    /** The value of a parameter that is not trained, in the computed network, for as long as this object lives. */
    private NDArray kept(String name, NDArray value) {
        return transposed.contains(name) ? inComputed(name, value).detach() : value;
    }

    /** The network in its form; its trained parameters have their values here, its constants their own. */
    private GraphBlock narrowed() {
        GraphBlock narrowed = new GraphBlock(computed);
        narrowed.parameters().forEach((name, p) -> {
            if (p.initializer() == null) {
                p.set(values.get(name));
            } else if (frozen.contains(name)) {
                p.freeze();
            }
        });
        return narrowed;
    }

    /**
     * The compiled step. Its inputs are those of the network, targets, the samples' shares in the mean if samples are
     * weighted, the weight of mix-up, and the factor if losses are scaled. Its last output is an array of the mean losses: of all outputs
     * together and of each that has a name, so that reading them waits for the device once.
     */
    private GradientStep gradients(Goal goal, CompileOptions options) {
        int inputs = computed.inputs().size();
        int given = inputs + goal.targetCount();
        return new GradientStep(
                network,
                in -> {
                    int batch = scaled ? in.length - 1 : in.length;
                    NDArray[] x = Arrays.copyOf(in, inputs);
                    NDArray[] targets = Arrays.copyOfRange(in, inputs, given);
                    List<NDArray> means = mixes
                            ? new Mixup(in[batch - 1]).means(this::forward, goal, x, targets, in[given])
                            : goal.each(forward(x), targets).stream()
                                    .map(each -> batch == given
                                            ? each.mean()
                                            : each.mul(in[given]).sum())
                                    .toList();
                    NDArray mean = means.get(0);
                    NDArray told = means.size() > 1 ? Movement.stack(0, means.toArray(NDArray[]::new)) : mean;
                    NDArray minimized = scaled ? mean.mul(in[batch]) : mean;
                    return minimized == told ? new NDArray[] {told} : new NDArray[] {minimized, told};
                },
                values::get,
                exchange::gradientPlace,
                new Tables(),
                options);
    }

    private NDArray[] forward(NDArray... x) {
        return wide(network.forwardAll(x));
    }

    /** Passes row-sparse gradients to the exchange. */
    private final class Tables implements GradientStep.RowListener {
        @Override
        public boolean keeps(String name, int lookUps, long rows) {
            return exchange.isByRows(name);
        }

        @Override
        public NDArray table(String name) {
            return values.get(name);
        }

        @Override
        public void gradient(String name, NDArray numbers, NDArray gradient) {
            if (watched) {
                seen.put(name, ValueHistogram.of(gradient, 1 / factor));
            }
            exchange.rowsReady(name, numbers, gradient);
        }
    }

    /** Outputs of a network in a narrow precision as float32. */
    private static NDArray[] wide(NDArray... outputs) {
        return Arrays.stream(outputs)
                .map(y -> y.dtype() == DType.FLOAT32 ? y : y.cast(DType.FLOAT32))
                .toArray(NDArray[]::new);
    }

    /**
     * Computes the gradients of a batch and passes them to the exchange.
     *
     * @param factor factor on the loss; 1 if losses are not scaled and norms not synchronised
     * @param batch the network's inputs, targets and, if samples are weighted, their shares in the mean
     * @return the mean losses: of all outputs together, then of each that has a name
     */
    NDArray train(double factor, NDArray... batch) {
        this.factor = factor;
        remember();
        Reports listener = new Reports();
        try (Workers.Membership group = Workers.join(sums)) {
            NDArray[] in = withFactor(batch);
            NDArray[] out = sums == null ? gradients.repeat(listener, in) : gradients.run(listener, in);
            return out[out.length - 1];
        }
    }

    /**
     * Computes the gradients of a batch in parts, one after another, and passes their sums to the exchange. There are no
     * sums over the workers within the parts, see {@link SettingsCheck#checkNetwork}.
     *
     * @param factor factor on the loss; 1 if losses are not scaled
     * @param batches parts of a batch, each with the samples' shares in the mean of the whole
     * @return the mean losses, as of a batch that is not split
     */
    NDArray train(double factor, List<NDArray[]> batches) {
        int last = batches.size() - 1;
        if (last == 0) {
            return train(factor, batches.get(0));
        }
        this.factor = factor;
        remember();
        NDArray loss = null;
        for (int i = 0; i <= last; i++) {
            GradientStep.Listener listener = i < last ? parts::add : (name, g) -> pass(name, parts.complete(name, g));
            NDArray[] out = gradients.run(listener, withFactor(batches.get(i)));
            NDArray part = out[out.length - 1];
            loss = loss == null ? part : loss.add(part);
        }
        return loss;
    }

    private NDArray[] withFactor(NDArray... batch) {
        if (!scaled) {
            return batch;
        }
        NDArray[] in = Arrays.copyOf(batch, batch.length + 1);
        in[batch.length] = NDArray.scalar(factor, DType.FLOAT32);
        return in;
    }

    private void pass(String name, NDArray gradient) {
        if (watched) {
            seen.put(name, ValueHistogram.of(gradient, 1 / factor));
        }
        exchange.gradientReady(values.get(name), gradient);
    }

    /** Reports the gradients of one step to the exchange. */
    private final class Reports implements GradientStep.Listener {
        private SendForecast forecast;

        @Override
        public void gradient(String name, NDArray g) {
            pass(name, g);
        }

        @Override
        public boolean isAwaited(String name) {
            if (forecast == null) {
                forecast = exchange.forecast();
            }
            return forecast.isWorthSending(name);
        }
    }

    /** Exchanges weights and their averages, if weights are averaged and there was an update. Collective. */
    void swapAverages() {
        if (smoothing.averages() && exchange.updates() > 0) {
            exchange.swapAverages();
            averagedStatistics.swap();
        }
    }

    /** Whether to watch the gradients of the next steps; {@link #histograms} uses those of the last one. */
    void watchGradients(boolean on) {
        watched = on;
        seen.clear();
    }

    /** Distributions of trained parameters and of the watched gradients. */
    SummaryFiles.Histograms histograms() {
        Map<String, ValueHistogram> weights = new HashMap<>();
        try (Scope scope = Scope.open()) {
            trained.forEach(name -> weights.put(name, ValueHistogram.of(values.get(name), 1)));
        }
        return new SummaryFiles.Histograms(weights, seen);
    }

    /** Takes part in the other workers' sums with zero, by running a dummy batch through the network. */
    void attend(NDArray... batch) {
        NDArray[] in = Arrays.copyOf(batch, batch.length + 1);
        in[batch.length] = NDArray.scalar(0, DType.FLOAT32);
        remember();
        try (Workers.Membership group = Workers.join(x -> {
            x.assign(NDArray.zeros(x.shape(), x.dtype()));
            sums.sum(x);
        })) {
            gradients.run(GradientStep.Listener.NONE, in);
        }
    }

    /**
     * Whether workers sum in the middle of a step. Gradients then depend on other workers' losses, so losses must be
     * weighted before the backward pass, not after it.
     */
    boolean isSynchronised() {
        return sums != null;
    }

    private void remember() {
        if (scaled) {
            statistics.forEach((name, s) -> statisticsBefore
                    .computeIfAbsent(name, n -> s.copy().detach())
                    .assign(s));
        }
    }

    /** Whether losses are scaled, so that a non-finite gradient may be caused by the scale. */
    boolean scalesLoss() {
        return floats16;
    }

    private static Map<String, NDArray> read(ByteChunks tensors) {
        try {
            return SafeTensors.read(tensors).tensors();
        } catch (IOException e) {
            throw new UncheckedIOException("training: values: " + e.getMessage(), e);
        }
    }

    /**
     * The output of a network with a single one, in predict mode.
     *
     * @param x features
     * @return float32 outputs
     */
    NDArray predict(NDArray x) {
        return predictAll(x)[0];
    }

    /**
     * The network's outputs in predict mode; compiled for each shape of the inputs.
     *
     * @param inputs its inputs
     * @return float32 outputs
     */
    NDArray[] predictAll(NDArray... inputs) {
        List<Spec> specs = Arrays.stream(inputs).map(NDArray::spec).toList();
        Executable compiled = predictors.computeIfAbsent(specs, this::predictor);
        NDArray[] parameters =
                computed.parameters().stream().map(p -> values.get(p.name())).toArray(NDArray[]::new);
        return wide(predictions.run(compiled, parameters, inputs));
    }

    private Executable predictor(List<Spec> inputs) {
        Map<String, NDArray> constants = new LinkedHashMap<>();
        for (Graph.ParameterInfo p : computed.parameters()) {
            if (p.initializer().isEmpty()) {
                constants.put(p.name(), values.get(p.name()));
            }
        }
        return new GraphCompiler(Backends.current(), new CompileOptions())
                .predictor(computed, constants, false, inputs.toArray(new Spec[0]));
    }

    GradientExchange exchange() {
        return exchange;
    }

    /**
     * Averages running statistics over all workers, and over epochs as the weights, which are averaged equally here.
     *
     * @param samples this worker's number of samples
     * @param epochs the number of epochs done
     */
    void averageStatistics(double samples, int epochs) {
        exchange.average(List.copyOf(statistics.values()), samples);
        if (smoothing.swaStart() > 0) {
            int number = Math.max(1, epochs - smoothing.swaStart() + 1); // until then the averages are the weights
            exchange.addToAverages(number);
            averagedStatistics.add(number);
        }
    }

    /** Resets running statistics to their values before the last batch, whose step is skipped. */
    void takeBackStatistics() {
        statisticsBefore.forEach((name, s) -> statistics.get(name).assign(s));
    }

    ByteChunks statistics() {
        return SafeTensors.toChunks(averagedStatistics.all(), Map.of());
    }

    void restoreStatistics(ByteChunks tensors) {
        try (Scope scope = Scope.open()) {
            averagedStatistics.restore(read(tensors));
        }
    }

    /** Writes safetensors of all parameters as they are now. */
    void saveWeights(OutputStream out) throws IOException {
        Map<String, NDArray> ordered = new LinkedHashMap<>();
        try (Scope scope = Scope.open()) {
            graph.parameters().forEach(p -> {
                NDArray value = values.get(p.name());
                ordered.put(
                        p.name(),
                        transposed.contains(p.name())
                                ? value.transpose(1, 0) // a view, which is written in slices
                                : value);
            });
            SafeTensors.write(out, ordered, Map.of());
        }
    }

    @Override
    public void close() {
        gradients.close();
        parts.close();
        predictions.close();
        predictors.values().forEach(Executable::close);
        exchange.close();
        if (sums != null) {
            sums.close();
        }
        statisticsBefore.values().forEach(NDArray::close);
        averagedStatistics.close();
        transposed.stream().filter(name -> !trained.contains(name)).forEach(name -> values.get(name)
                .close());
        network.close();
        block.close();
    }
}
