package io.kiln.benchmarks.net;

import io.kiln.benchmarks.net.Layer.Conv;
import io.kiln.benchmarks.net.Layer.Dense;
import io.kiln.benchmarks.net.Layer.Flatten;
import io.kiln.benchmarks.net.Layer.MaxPool;
import io.kiln.benchmarks.net.Layer.Relu;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A network with its first weights, its batch size and its learning rate, the same for every engine. */
public enum Network {
    /** 784-512-256-10 with ReLU. */
    MLP(128, new int[] {784}, new Dense(784, 512), new Relu(), new Dense(512, 256), new Relu(), new Dense(256, 10)),
    /** Two convolutions with pooling, 512 units, 10 classes. */
    LENET(
            64,
            new int[] {1, 28, 28},
            new Conv(1, 32, 5, 2),
            new Relu(),
            new MaxPool(),
            new Conv(32, 64, 5, 0),
            new Relu(),
            new MaxPool(),
            new Flatten(),
            new Dense(1600, 512),
            new Relu(),
            new Dense(512, 10));

    /** Learning rate of SGD. */
    public static final float LEARNING_RATE = 0.02f;

    /** Momentum of SGD: \(s = m s + lr\, g,\; w = w - s\), with g the gradient of the batch's mean loss. */
    public static final float MOMENTUM = 0.9f;

    /** Batches that the steps take in turn. */
    public static final int BATCHES = 16;

    private final int batch;
    private final int[] input;
    private final List<Layer> layers;

    Network(int batch, int[] input, Layer... layers) {
        this.batch = batch;
        this.input = input;
        this.layers = List.of(layers);
    }

    /** Rows of a batch. */
    public int batch() {
        return batch;
    }

    /** Shape of a batch of inputs. */
    public long[] inputShape() {
        long[] shape = new long[input.length + 1];
        shape[0] = batch;
        for (int i = 0; i < input.length; i++) {
            shape[i + 1] = input[i];
        }
        return shape;
    }

    /** First layer first. */
    public List<Layer> layers() {
        return layers;
    }

    /**
     * A weight or a bias.
     *
     * @param name of the parameter, such as {@code layer3_weight}
     * @param shape of it
     * @param values it begins with, row-major
     */
    public record Parameter(String name, long[] shape, float[] values) {}

    /**
     * Weight and bias of each layer that has them, in order. Weights are uniform in ±√(3 / fan-in), biases 0; the same
     * on each call.
     */
    public List<Parameter> parameters() {
        Random random = new Random(17);
        List<Parameter> parameters = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            if (layers.get(i) instanceof Dense d) {
                add(parameters, i, random, d.out(), d.in());
            } else if (layers.get(i) instanceof Conv c) {
                add(parameters, i, random, c.out(), c.in(), c.kernel(), c.kernel());
            }
        }
        return parameters;
    }

    /** How many numbers there are to train. */
    public long parameterCount() {
        return parameters().stream().mapToLong(p -> p.values().length).sum();
    }

    private static void add(List<Parameter> to, int layer, Random random, long... shape) {
        int size = 1;
        for (long n : shape) {
            size = Math.multiplyExact(size, (int) n);
        }
        float bound = (float) Math.sqrt(3.0 * shape[0] / size);
        float[] weight = new float[size];
        for (int i = 0; i < size; i++) {
            weight[i] = bound * (2 * random.nextFloat() - 1);
        }
        to.add(new Parameter("layer" + layer + "_weight", shape, weight));
        to.add(new Parameter("layer" + layer + "_bias", new long[] {shape[0]}, new float[(int) shape[0]]));
    }
}
