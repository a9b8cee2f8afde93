package io.kiln.benchmarks.kiln;

import io.kiln.backend.Backends;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.net.Batches;
import io.kiln.benchmarks.net.Layer;
import io.kiln.benchmarks.net.Network;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Flatten;
import io.kiln.nn.Parameter;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.op.Activation;
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

    KilnNetwork(Network network, int threads) throws IOException {
        Backends.current().setThreads(threads);
        block = block(network.layers());
        block.inferShapes(Shape.of(network.inputShape()));
        parameters = List.copyOf(block.parameters().values());
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
        for (int i = 0; i < Network.BATCHES; i++) {
            inputs.add(
                    NDArray.of(Shape.of(network.inputShape()), batches.pixels().get(i)));
            labels.add(NDArray.of(Shape.of(network.batch()), batches.labels().get(i)));
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
                        .pad(c.pad())
                        .activation(activation)
                        .build());
            } else if (layer instanceof Layer.MaxPool) {
                block.add(Pool.max2D(2));
            } else if (layer instanceof Layer.Flatten) {
                block.add(new Flatten());
            }
        }
        return block;
    }

    Facts facts() {
        long count = parameters.stream().mapToLong(p -> p.shape().size()).sum();
        return new Facts("Kiln, " + Backends.current().describe(), count);
    }

    Block block() {
        return block;
    }

    NDArray input(int step) {
        return inputs.get(step % Network.BATCHES);
    }

    NDArray label(int step) {
        return labels.get(step % Network.BATCHES);
    }

    int[] labelValues(int step) {
        return batches.labels().get(step % Network.BATCHES);
    }

    @Override
    public void close() {
        block.close();
        inputs.forEach(NDArray::close);
        labels.forEach(NDArray::close);
    }
}
