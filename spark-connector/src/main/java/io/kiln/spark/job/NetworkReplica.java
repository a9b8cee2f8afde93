package io.kiln.spark.job;

import io.kiln.compile.CompileOptions;
import io.kiln.compile.Executable;
import io.kiln.compile.GraphCompiler;
import io.kiln.format.ByteChunks;
import io.kiln.format.SafeTensors;
import io.kiln.graph.Graph;
import io.kiln.kvstore.GradientExchange;
import io.kiln.kvstore.GroupSum;
import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.GraphBlock;
import io.kiln.nn.Parameter;
import io.kiln.nn.loss.Loss;
import io.kiln.op.CastLists;
import io.kiln.op.Precision;
import io.kiln.op.distributed.Workers;
import io.kiln.op.internal.AcrossWorkers;
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
    private final Map<Shape, Executable> predictors = new HashMap<>();
    private final GroupSum sums;
    private final Set<String> frozen;
    private final boolean floats16;
    private final boolean scaled;
    private final List<String> trained = new ArrayList<>();
    private final Map<String, ValueHistogram> seen = new HashMap<>();
    private boolean watched;
    private final Map<String, NDArray> values = new LinkedHashMap<>();
    private final Map<String, NDArray> statistics = new LinkedHashMap<>();
    private final Map<String, NDArray> statisticsBefore = new LinkedHashMap<>();

    NetworkReplica(TrainingPlan plan, Transport transport) {
        this.frozen = plan.model().frozen();
        this.graph = Graph.fromJson(plan.model().graph());
        this.block = new GraphBlock(graph);
        Precision precision = plan.run().epochs().arithmetic().type();
        this.computed = precision == Precision.FLOAT32 ? graph : block.inPrecision(precision, CastLists.STANDARD);
        block.initialize(plan.run().epochs().seed());
        List<GradientExchange.Parameter> exchanged = new ArrayList<>();
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
                    values.put(name, p.value());
                } else if (p.role().isTrained()) {
                    exchanged.add(new GradientExchange.Parameter(name, p.value(), p.role()));
                    trained.add(name);
                } else {
                    values.put(name, p.value());
                    if (p.initializer() != null) {
                        statistics.put(name, p.value());
                    }
                }
            });
            this.sums = transport != null && graph.has(AcrossWorkers.class) ? new GroupSum(transport) : null;
            this.floats16 = precision == Precision.FLOAT16;
            this.scaled = floats16 || sums != null;
            LossScaler scaler = floats16 ? new LossScaler(new LossScaler.Settings()) : null;
            this.exchange = new GradientExchange(transport, exchanged, UpdateRule.fromJson(plan.rule()), scaler);
            for (int i = 0; i < trained.size(); i++) {
                values.put(trained.get(i), exchange.weights().get(i));
                own.get(trained.get(i)).close();
            }
        }
        this.network = computed == graph ? block : narrowed();
        this.gradients = gradients(
                plan.model().objective().loss(),
                plan.run().epochs().arithmetic().compileOptions());
    }

    /** The network in its precision; its trained parameters have their values here, its constants their own. */
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
     * The compiled step. Its inputs are features, labels, the samples' shares in the mean if samples are weighted, and
     * the factor if losses are scaled. Its last output is the mean loss.
     */
    private GradientStep gradients(Loss loss, CompileOptions options) {
        return new GradientStep(
                network,
                in -> {
                    NDArray y = network.forward(in[0]);
                    NDArray each = loss.compute(y.dtype() == DType.FLOAT32 ? y : y.cast(DType.FLOAT32), in[1]);
                    int batch = scaled ? in.length - 1 : in.length;
                    NDArray mean = batch < 3 ? each.mean() : each.mul(in[2]).sum();
                    return scaled ? new NDArray[] {mean.mul(in[batch]), mean} : new NDArray[] {mean};
                },
                values::get,
                exchange::gradientPlace,
                options);
    }

    /**
     * Computes the gradients of a batch and passes them to the exchange.
     *
     * @param factor factor on the loss; 1 if losses are not scaled and norms not synchronised
     * @param batch features, labels and, if samples are weighted, their shares in the mean
     * @return the mean loss
     */
    NDArray train(double factor, NDArray... batch) {
        NDArray[] in = batch;
        if (scaled) {
            in = Arrays.copyOf(batch, batch.length + 1);
            in[batch.length] = NDArray.scalar(factor, DType.FLOAT32);
        }
        remember();
        try (Workers.Membership group = Workers.join(sums)) {
            NDArray[] out = gradients.run(
                    (name, g) -> {
                        if (watched) {
                            seen.put(name, ValueHistogram.of(g, 1 / factor));
                        }
                        exchange.gradientReady(values.get(name), g);
                    },
                    in);
            return out[out.length - 1];
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
     * The network's outputs in predict mode; compiled for each input shape.
     *
     * @param x features
     * @return float32 outputs
     */
    NDArray predict(NDArray x) {
        Executable compiled = predictors.computeIfAbsent(x.shape(), s -> predictor(x));
        NDArray[] parameters =
                computed.parameters().stream().map(p -> values.get(p.name())).toArray(NDArray[]::new);
        NDArray y = compiled.run(parameters, x)[0];
        return y.dtype() == DType.FLOAT32 ? y : y.cast(DType.FLOAT32);
    }

    private Executable predictor(NDArray x) {
        Map<String, NDArray> constants = new LinkedHashMap<>();
        for (Graph.ParameterInfo p : computed.parameters()) {
            if (p.initializer().isEmpty()) {
                constants.put(p.name(), values.get(p.name()));
            }
        }
        return new GraphCompiler(x.backend(), new CompileOptions()).predictor(computed, constants, false, x.spec());
    }

    GradientExchange exchange() {
        return exchange;
    }

    /** Averages running statistics over all workers. */
    void averageStatistics(double samples) {
        exchange.average(List.copyOf(statistics.values()), samples);
    }

    /** Resets running statistics to their values before the last batch, whose step is skipped. */
    void takeBackStatistics() {
        statisticsBefore.forEach((name, s) -> statistics.get(name).assign(s));
    }

    ByteChunks statistics() {
        return SafeTensors.toChunks(statistics, Map.of());
    }

    void restoreStatistics(ByteChunks tensors) {
        try (Scope scope = Scope.open()) {
            read(tensors).forEach((name, v) -> statistics.get(name).assign(v));
        }
    }

    /** Writes safetensors of all parameters as they are now. */
    void saveWeights(OutputStream out) throws IOException {
        Map<String, NDArray> ordered = new LinkedHashMap<>();
        graph.parameters().forEach(p -> ordered.put(p.name(), values.get(p.name())));
        SafeTensors.write(out, ordered, Map.of());
    }

    @Override
    public void close() {
        gradients.close();
        predictors.values().forEach(Executable::close);
        exchange.close();
        if (sums != null) {
            sums.close();
        }
        statisticsBefore.values().forEach(NDArray::close);
        network.close();
        block.close();
    }
}
