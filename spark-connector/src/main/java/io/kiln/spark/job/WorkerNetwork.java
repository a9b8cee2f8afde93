package io.kiln.spark.job;

import io.kiln.compile.CompileOptions;
import io.kiln.format.SafeTensors;
import io.kiln.kvstore.GradientExchange;
import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.nn.GraphBlock;
import io.kiln.nn.Parameter;
import io.kiln.nn.loss.Loss;
import io.kiln.op.CastLists;
import io.kiln.op.Precision;
import io.kiln.optim.GradientStep;
import io.kiln.optim.UpdateRule;
import io.kiln.symbol.Graph;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A worker's copy of the network: weights that it shares with the other workers, and running statistics of its own. */
final class WorkerNetwork implements AutoCloseable {
    private final Graph graph;
    private final Graph computed;
    private final GraphBlock block;
    private final GraphBlock network;
    private final GradientExchange exchange;
    private final GradientStep gradients;
    private final Map<String, NDArray> values = new LinkedHashMap<>();
    private final Map<String, NDArray> statistics = new LinkedHashMap<>();

    WorkerNetwork(TrainingPlan plan, Transport transport) {
        this.graph = Graph.fromJson(plan.graph());
        this.block = new GraphBlock(graph);
        Precision precision = plan.run().epochs().computed();
        this.computed = precision == Precision.FLOAT32 ? graph : block.inPrecision(precision, CastLists.STANDARD);
        block.initialize(plan.run().epochs().seed());
        List<GradientExchange.Parameter> trained = new ArrayList<>();
        try (Scope scope = Scope.open()) {
            Map<String, NDArray> given = plan.values().length == 0 ? Map.of() : read(plan.values());
            Map<String, Parameter> own = block.parameters();
            own.forEach((name, p) -> {
                if (given.containsKey(name)) {
                    p.set(given.get(name));
                }
                if (p.role().isTrained()) {
                    trained.add(new GradientExchange.Parameter(name, p.value(), p.role()));
                } else {
                    values.put(name, p.value());
                    if (p.initializer() != null) {
                        statistics.put(name, p.value());
                    }
                }
            });
            this.exchange = new GradientExchange(transport, trained, UpdateRule.fromJson(plan.rule()));
            for (int i = 0; i < trained.size(); i++) {
                values.put(trained.get(i).name(), exchange.weights().get(i));
                own.get(trained.get(i).name()).close();
            }
        }
        this.network = computed == graph ? block : narrowed();
        this.gradients = gradients(plan.objective().loss());
    }

    /** The network in its precision; its trained parameters have their values here, its constants of their own. */
    private GraphBlock narrowed() {
        GraphBlock narrowed = new GraphBlock(computed);
        narrowed.parameters().forEach((name, p) -> {
            if (p.initializer() == null) {
                p.set(values.get(name));
            }
        });
        return narrowed;
    }

    /** The compiled step; its inputs are features, labels and, where samples count differently, their shares in the mean. */
    private GradientStep gradients(Loss loss) {
        return new GradientStep(
                network,
                in -> {
                    NDArray y = network.forward(in[0]);
                    NDArray each = loss.compute(y.dtype() == DType.FLOAT32 ? y : y.cast(DType.FLOAT32), in[1]);
                    return new NDArray[] {
                        in.length < 3 ? each.mean() : each.mul(in[2]).sum()
                    };
                },
                values::get,
                exchange::gradientPlace,
                new CompileOptions());
    }

    /**
     * Computes the gradients of a batch and hands them to the exchange.
     *
     * @param batch features, labels and perhaps the samples' shares in the mean
     * @return the mean loss
     */
    NDArray train(NDArray... batch) {
        return gradients.run((name, g) -> exchange.gradientReady(values.get(name), g), batch)[0];
    }

    private static Map<String, NDArray> read(byte[] tensors) {
        try {
            return SafeTensors.read(tensors).tensors();
        } catch (IOException e) {
            throw new UncheckedIOException("training: values: " + e.getMessage(), e);
        }
    }

    NDArray forward(NDArray x) {
        NDArray y = computed.run(values, x)[0];
        return y.dtype() == DType.FLOAT32 ? y : y.cast(DType.FLOAT32);
    }

    GradientExchange exchange() {
        return exchange;
    }

    /** Makes running statistics the same on all workers. */
    void averageStatistics(double samples) {
        exchange.average(List.copyOf(statistics.values()), samples);
    }

    byte[] statistics() {
        return SafeTensors.toBytes(statistics, Map.of());
    }

    void restoreStatistics(byte[] tensors) {
        try (Scope scope = Scope.open()) {
            read(tensors).forEach((name, v) -> statistics.get(name).assign(v));
        }
    }

    /** All parameters as they are now. */
    byte[] weights() {
        Map<String, NDArray> ordered = new LinkedHashMap<>();
        graph.parameters().forEach(p -> ordered.put(p.name(), values.get(p.name())));
        return SafeTensors.toBytes(ordered, Map.of());
    }

    @Override
    public void close() {
        gradients.close();
        exchange.close();
        network.close();
        block.close();
    }
}
