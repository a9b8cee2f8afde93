package io.kiln.benchmarks.net;

import io.kiln.benchmarks.net.Layer.BatchNorm;
import io.kiln.benchmarks.net.Layer.Conv;
import io.kiln.benchmarks.net.Layer.Dense;
import io.kiln.benchmarks.net.Layer.Embeddings;
import io.kiln.benchmarks.net.Layer.Flatten;
import io.kiln.benchmarks.net.Layer.MaxPool;
import io.kiln.benchmarks.net.Layer.Relu;
import io.kiln.benchmarks.net.Layer.Residual;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A network with its first weights, its batch size and its learning rate, the same for every engine. */
public enum Network {
    /** 784-512-256-10 with ReLU. */
    MLP(
            128,
            Task.CLASSES,
            16,
            new int[] {784},
            new Dense(784, 512),
            new Relu(),
            new Dense(512, 256),
            new Relu(),
            new Dense(256, 10)),
    /** Two convolutions with pooling, 512 units, 10 classes. */
    LENET(
            64,
            Task.CLASSES,
            16,
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
            new Dense(512, 10)),
    /** ResNet-18 with a stem for small images, 10 classes. */
    RESNET18(32, Task.CLASSES, 16, new int[] {3, 32, 32}, ResNets.small18(10).toArray(Layer[]::new)),
    /** ResNet-50, 1,000 classes. */
    RESNET50(8, Task.CLASSES, 2, new int[] {3, 224, 224}, ResNets.full50(1000).toArray(Layer[]::new)),
    /** Neural collaborative filtering by a perceptron 128-64-32-1 over two embeddings. */
    NCF(
            4096,
            Task.YES_OR_NO,
            16,
            new int[] {2},
            new Embeddings(100_000, 64),
            new Dense(128, 64),
            new Relu(),
            new Dense(64, 32),
            new Relu(),
            new Dense(32, 1));

    /** What the output is for. */
    public enum Task {
        /** One score per class; the loss is the cross-entropy of their softmax. */
        CLASSES,
        /** One score; the loss is the binary cross-entropy of its sigmoid. */
        YES_OR_NO
    }

    /** Learning rate of SGD. */
    public static final float LEARNING_RATE = 0.02f;

    /** A step moves a score by the rate times the squared features before it: ResNet-50 has 2,048 of them. */
    private static final float RESNET50_RATE = 0.001f;

    /** Momentum of SGD: \(s = m s + lr\, g,\; w = w - s\), with g the gradient of the batch's mean loss. */
    public static final float MOMENTUM = 0.9f;

    private final int batch;
    private final Task task;
    private final int batches;
    private final int[] input;
    private final List<Layer> layers;

    Network(int batch, Task task, int batches, int[] input, Layer... layers) {
        this.batch = batch;
        this.task = task;
        this.batches = batches;
        this.input = input;
        this.layers = List.of(layers);
    }

    /** Rows of a batch. */
    public int batch() {
        return batch;
    }

    /** Learning rate of SGD for this network. */
    public float learningRate() {
        return this == RESNET50 ? RESNET50_RATE : LEARNING_RATE;
    }

    /** What the output is for. */
    public Task task() {
        return task;
    }

    /** Batches that the steps take in turn. */
    public int batches() {
        return batches;
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
     * What each layer has to train, in order: weight and bias, gamma and beta, tables; body before shortcut. Weights and tables
     * are uniform in ±√(3 / fan-in), gammas 1, the others 0; the same on each call.
     */
    public List<Parameter> parameters() {
        List<Parameter> parameters = new ArrayList<>();
        collect(parameters, new Random(17), "layer", layers);
        return parameters;
    }

    private static void collect(List<Parameter> to, Random random, String prefix, List<Layer> layers) {
        for (int i = 0; i < layers.size(); i++) {
            String name = prefix + i;
            if (layers.get(i) instanceof Dense d) {
                to.add(weight(name, random, d.out(), d.in()));
                to.add(constant(name + "_bias", d.out(), 0));
            } else if (layers.get(i) instanceof Conv c) {
                to.add(weight(name, random, c.out(), c.in(), c.kernel(), c.kernel()));
                if (c.bias()) {
                    to.add(constant(name + "_bias", c.out(), 0));
                }
            } else if (layers.get(i) instanceof BatchNorm n) {
                to.add(constant(name + "_gamma", n.channels(), 1));
                to.add(constant(name + "_beta", n.channels(), 0));
            } else if (layers.get(i) instanceof Residual r) {
                collect(to, random, name + "_body", r.body());
                collect(to, random, name + "_shortcut", r.shortcut());
            } else if (layers.get(i) instanceof Embeddings e) {
                to.add(weight(name + "_first", random, e.rows(), e.dimension()));
                to.add(weight(name + "_second", random, e.rows(), e.dimension()));
            }
        }
    }

    /** How many numbers there are to train. */
    public long parameterCount() {
        return parameters().stream().mapToLong(p -> p.values().length).sum();
    }

    private static Parameter weight(String name, Random random, long... shape) {
        int size = 1;
        for (long n : shape) {
            size = Math.multiplyExact(size, (int) n);
        }
        float bound = (float) Math.sqrt(3.0 * shape[0] / size);
        float[] weight = new float[size];
        for (int i = 0; i < size; i++) {
            weight[i] = bound * (2 * random.nextFloat() - 1);
        }
        return new Parameter(name + "_weight", shape, weight);
    }

    private static Parameter constant(String name, int size, float value) {
        float[] values = new float[size];
        Arrays.fill(values, value);
        return new Parameter(name, new long[] {size}, values);
    }
}
