package io.kiln.benchmarks.djl;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.pooling.Pool;
import ai.djl.training.ParameterStore;
import io.kiln.benchmarks.net.Batches;
import io.kiln.benchmarks.net.Layer;
import io.kiln.benchmarks.net.Network;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** A network of DJL blocks with the weights that all engines begin with, and the batches as arrays of the engine. */
final class DjlNetwork implements AutoCloseable {

    private final Model model;
    private final Block block;
    private final ParameterStore store;
    private final List<NDArray> weights = new ArrayList<>();
    private final List<NDArray> inputs = new ArrayList<>();
    private final List<NDArray> labels = new ArrayList<>();
    private final Batches batches;

    DjlNetwork(String engine, Network network) throws IOException {
        model = Model.newInstance(network.name(), Device.cpu(), engine);
        block = block(network.layers());
        model.setBlock(block);
        NDManager manager = model.getNDManager();
        block.initialize(manager, DataType.FLOAT32, new Shape(network.inputShape()));
        List<Network.Parameter> given = network.parameters();
        List<Parameter> trained = block.getParameters().values().stream()
                .filter(p -> p.getType() != Parameter.Type.RUNNING_MEAN && p.getType() != Parameter.Type.RUNNING_VAR)
                .toList();
        for (int i = 0; i < given.size(); i++) {
            NDArray array = trained.get(i).getArray();
            if (!array.getShape().equals(new Shape(given.get(i).shape()))) {
                throw new IllegalStateException("parameter " + given.get(i).name() + ": expected "
                        + new Shape(given.get(i).shape()) + ", the block has " + array.getShape());
            }
            array.set(FloatBuffer.wrap(given.get(i).values()));
            weights.add(array);
        }
        store = new ParameterStore(manager, false);
        store.setParameterServer(null, new Device[] {Device.cpu()});
        batches = Batches.of(network);
        for (int i = 0; i < network.batches(); i++) {
            inputs.add(manager.create(batches.inputs().get(i), new Shape(network.inputShape())));
            NDArray label = manager.create(batches.labels().get(i), new Shape(network.batch(), 1));
            boolean floats = engine.equals("MXNet") || network.task() == Network.Task.YES_OR_NO;
            labels.add(floats ? label.toType(DataType.FLOAT32, true) : label);
        }
    }

    private static SequentialBlock block(List<Layer> layers) {
        SequentialBlock block = new SequentialBlock();
        for (Layer layer : layers) {
            if (layer instanceof Layer.Dense d) {
                block.add(Linear.builder().setUnits(d.out()).build());
            } else if (layer instanceof Layer.Conv c) {
                block.add(Conv2d.builder()
                        .setFilters(c.out())
                        .setKernelShape(new Shape(c.kernel(), c.kernel()))
                        .optStride(new Shape(c.stride(), c.stride()))
                        .optPadding(new Shape(c.pad(), c.pad()))
                        .optBias(c.bias())
                        .build());
            } else if (layer instanceof Layer.MaxPool p) {
                block.add(Pool.maxPool2dBlock(
                        new Shape(p.kernel(), p.kernel()),
                        new Shape(p.stride(), p.stride()),
                        new Shape(p.pad(), p.pad())));
            } else if (layer instanceof Layer.Flatten) {
                block.add(Blocks.batchFlattenBlock());
            } else if (layer instanceof Layer.BatchNorm) {
                block.add(
                        BatchNorm.builder().optEpsilon(1e-5f).optMomentum(0.9f).build());
            } else if (layer instanceof Layer.GlobalAverage) {
                block.add(Pool.globalAvgPool2dBlock());
            } else if (layer instanceof Layer.Residual r) {
                block.add(new ParallelBlock(
                        sums -> new NDList(Activation.relu(
                                sums.get(0).head().add(sums.get(1).head()))),
                        List.of(
                                block(r.body()),
                                r.shortcut().isEmpty() ? Blocks.identityBlock() : block(r.shortcut()))));
            } else if (layer instanceof Layer.Embeddings e) {
                block.add(new ParallelBlock(
                        rows -> new NDList(NDArrays.concat(
                                new NDList(rows.get(0).head(), rows.get(1).head()), 1)),
                        List.of(new DjlEmbedding(e, 0), new DjlEmbedding(e, 1))));
            } else {
                block.add(Activation::relu);
            }
        }
        return block;
    }

    NDArray forward(NDArray input, boolean training) {
        return block.forward(store, new NDList(input), training).singletonOrThrow();
    }

    NDManager manager() {
        return model.getNDManager();
    }

    List<NDArray> weights() {
        return weights;
    }

    long parameterCount() {
        return weights.stream().mapToLong(NDArray::size).sum();
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
        model.close();
    }
}
