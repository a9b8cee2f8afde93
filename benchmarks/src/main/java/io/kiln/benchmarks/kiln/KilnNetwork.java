package io.kiln.benchmarks.kiln;

import io.kiln.backend.Backends;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.net.Batches;
import io.kiln.benchmarks.net.Layer;
import io.kiln.benchmarks.net.Network;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Embedding;
import io.kiln.nn.Flatten;
import io.kiln.nn.Parameter;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import io.kiln.op.shape.Movement;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A network of Kiln's blocks with the weights that all engines begin with, and the batches as arrays. */
final class KilnNetwork implements AutoCloseable {

    private final Block block;
    private final List<Parameter> parameters;
    private final List<NDArray> inputs = new ArrayList<>();
    private final List<NDArray> labels = new ArrayList<>();
    private final Batches batches;

    KilnNetwork(Network network) throws IOException {
        block = block(network.layers());
        block.inferShapes(Shape.of(network.inputShape()));
        parameters = block.parameters().values().stream()
                .filter(Parameter::isTrained)
                .toList();
        List<Network.Parameter> given = network.parameters();
        try (Scope scope = Scope.open()) {
            for (int i = 0; i < given.size(); i++) {
                parameters
                        .get(i)
                        .set(NDArray.of(
                                Shape.of(given.get(i).shape()), given.get(i).values()));
            }
        }
        batches = Batches.of(network);
        for (int i = 0; i < network.batches(); i++) {
            inputs.add(
                    NDArray.of(Shape.of(network.inputShape()), batches.inputs().get(i)));
            NDArray label =
                    NDArray.of(Shape.of(network.batch()), batches.labels().get(i));
            labels.add(
                    network.task() == Network.Task.CLASSES
                            ? label
                            : label.cast(DType.FLOAT32).reshape(network.batch(), 1));
        }
    }

    private static Block block(List<Layer> layers) {
        Sequential block = new Sequential();
        for (int i = 0; i < layers.size(); i++) {
            Activation activation = i + 1 < layers.size() && layers.get(i + 1) instanceof Layer.Relu
                    ? Activation.RELU
                    : Activation.NONE;
            Layer layer = layers.get(i);
            if (layer instanceof Layer.Dense d) {
                block.add(new Dense(d.out(), activation));
            } else if (layer instanceof Layer.Conv c) {
                block.add(Conv2D.builder()
                        .channels(c.out())
                        .kernel(c.kernel())
                        .stride(c.stride())
                        .pad(c.pad())
                        .useBias(c.bias())
                        .activation(activation)
                        .build());
            } else if (layer instanceof Layer.MaxPool p) {
                block.add(Pool.max2D(p.kernel()).stride(p.stride()).pad(p.pad()));
            } else if (layer instanceof Layer.Flatten) {
                block.add(new Flatten());
            } else if (layer instanceof Layer.BatchNorm) {
                block.add(new BatchNorm());
            } else if (layer instanceof Layer.GlobalAverage) {
                block.add(Pool.globalAverage());
            } else if (layer instanceof Layer.Residual r) {
                block.add(new Residual(block(r.body()), block(r.shortcut())));
            } else if (layer instanceof Layer.Embeddings e) {
                block.add(new Embeddings(e));
            } else if (!(layers.get(i - 1) instanceof Layer.Dense) && !(layers.get(i - 1) instanceof Layer.Conv)) {
                block.add(Activations.relu());
            }
        }
        return block;
    }

    private static final class Residual extends Block {
        private final Block body;
        private final Block shortcut;

        Residual(Block body, Block shortcut) {
            this.body = addChild("body", body);
            this.shortcut = addChild("shortcut", shortcut);
        }

        @Override
        public NDArray forward(NDArray x) {
            return body.call(x).add(shortcut.call(x)).relu();
        }
    }

    private static final class Embeddings extends Block {
        private final Block first;
        private final Block second;

        Embeddings(Layer.Embeddings e) {
            first = addChild("first", new Embedding(e.rows(), e.dimension()));
            second = addChild("second", new Embedding(e.rows(), e.dimension()));
        }

        @Override
        public NDArray forward(NDArray x) {
            NDArray row = x.cast(DType.INT32);
            return Movement.concat(
                    1,
                    first.call(row.slice(1, 0, 1).squeeze(1)),
                    second.call(row.slice(1, 1, 2).squeeze(1)));
        }
    }

    Facts facts() {
        long count = parameters.stream().mapToLong(p -> p.shape().size()).sum();
        return new Facts("Kiln, " + Backends.current().describe(), count);
    }

    Block block() {
        return block;
    }

    NDArray input(int step) {
        return inputs.get(step % inputs.size());
    }

    NDArray label(int step) {
        return labels.get(step % inputs.size());
    }

    int[] labelValues(int step) {
        return batches.labels().get(step % inputs.size());
    }

    @Override
    public void close() {
        block.close();
        inputs.forEach(NDArray::close);
        labels.forEach(NDArray::close);
    }
}
