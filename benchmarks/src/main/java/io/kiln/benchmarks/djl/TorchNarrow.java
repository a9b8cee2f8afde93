package io.kiln.benchmarks.djl;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.net.Batches;
import io.kiln.benchmarks.net.Layer;
import io.kiln.benchmarks.net.Network;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A convolutional network as one TorchScript function in mixed precision, as torch's autocast does it: convolutions and products
 * in bfloat16 of weights that are cast in each call, normalisation of bfloat16 with float32 statistics, the loss in float32.
 */
public final class TorchNarrow implements Contender {

    private static final String ENGINE = "PyTorch";
    private static final int BFLOAT16 = 15;
    private static final int FLOAT32 = 6;

    private final Network network;
    private final boolean training;
    private final List<NDArray> weights = new ArrayList<>();
    private final List<NDArray> statistics = new ArrayList<>();
    private final List<NDArray> inputs = new ArrayList<>();
    private final List<NDArray> labels = new ArrayList<>();
    private final StringBuilder body = new StringBuilder();
    private Model module;
    private ParameterStore store;
    private Update update;
    private int names;
    private int weight;
    private int statistic;
    private int steps;

    /** Trains the network, or predicts with it. */
    public TorchNarrow(Network network, boolean training) {
        this.network = network;
        this.training = training;
    }

    @Override
    public void load(Setup setup) {
        Engines.load(ENGINE);
    }

    @Override
    public Facts setup(Setup setup) throws Exception {
        module = Model.newInstance("narrow", ENGINE);
        NDManager manager = module.getNDManager();
        for (Network.Parameter p : network.parameters()) {
            weights.add(manager.create(p.values(), new Shape(p.shape())));
        }
        String scores = write(network.layers(), narrow("x"), manager);
        body.append("    s = torch.to(")
                .append(scores)
                .append(", ")
                .append(FLOAT32)
                .append(")\n");
        body.append("    return torch.cross_entropy_loss(s, label, None, 1)\n");
        StringBuilder arguments = new StringBuilder("x: Tensor, label: Tensor");
        for (int i = 0; i < weights.size(); i++) {
            arguments.append(", w").append(i).append(": Tensor");
        }
        for (int i = 0; i < statistics.size(); i++) {
            arguments.append(", r").append(i).append(": Tensor");
        }
        module.load(
                new ByteArrayInputStream(TorchArchive.of(TorchArchive.module(arguments.toString(), body.toString()))));
        store = new ParameterStore(manager, false);
        Batches batches = Batches.of(network);
        for (int i = 0; i < network.batches(); i++) {
            inputs.add(manager.create(batches.inputs().get(i), new Shape(network.inputShape())));
            labels.add(manager.create(batches.labels().get(i)).toType(DataType.INT64, false));
        }
        if (training) {
            update = Update.inPlace(weights, network.learningRate());
        }
        long count = weights.stream().mapToLong(NDArray::size).sum();
        return new Facts(ENGINE + " " + Engine.getEngine(ENGINE).getVersion() + ", TorchScript, bfloat16", count);
    }

    /** Writes layers as statements; their result's name. */
    private String write(List<Layer> layers, String input, NDManager manager) {
        String y = input;
        for (Layer layer : layers) {
            y = write(layer, y, manager);
        }
        return y;
    }

    private String write(Layer layer, String x, NDManager manager) {
        if (layer instanceof Layer.Conv c) {
            String w = narrow("w" + weight++);
            String b = c.bias() ? narrow("w" + weight++) : "None";
            return let(String.format(
                    Locale.ROOT,
                    "torch.conv2d(%s, %s, %s, [%d, %d], [%d, %d], [1, 1], 1)",
                    x,
                    w,
                    b,
                    c.stride(),
                    c.stride(),
                    c.pad(),
                    c.pad()));
        } else if (layer instanceof Layer.Dense) {
            String w = narrow("w" + weight++);
            return let(String.format(Locale.ROOT, "torch.linear(%s, %s, %s)", x, w, narrow("w" + weight++)));
        } else if (layer instanceof Layer.BatchNorm n) {
            statistics.add(manager.zeros(new Shape(n.channels())));
            statistics.add(manager.ones(new Shape(n.channels())));
            weight += 2;
            statistic += 2;
            return let(String.format(
                    Locale.ROOT,
                    "torch.batch_norm(%s, w%d, w%d, r%d, r%d, %s, 0.1, 1e-5, False)",
                    x,
                    weight - 2,
                    weight - 1,
                    statistic - 2,
                    statistic - 1,
                    training ? "True" : "False"));
        } else if (layer instanceof Layer.MaxPool p) {
            return let(String.format(
                    Locale.ROOT,
                    "torch.max_pool2d(%s, [%d, %d], [%d, %d], [%d, %d], [1, 1], False)",
                    x,
                    p.kernel(),
                    p.kernel(),
                    p.stride(),
                    p.stride(),
                    p.pad(),
                    p.pad()));
        } else if (layer instanceof Layer.GlobalAverage) {
            return let(String.format(Locale.ROOT, "torch.mean(%s, [2, 3])", x));
        } else if (layer instanceof Layer.Flatten) {
            return let(String.format(Locale.ROOT, "torch.flatten(%s, 1)", x));
        } else if (layer instanceof Layer.Residual r) {
            String around = write(r.body(), x, manager);
            return let(String.format(
                    Locale.ROOT, "torch.relu(torch.add(%s, %s))", around, write(r.shortcut(), x, manager)));
        } else if (layer instanceof Layer.Relu) {
            return let(String.format(Locale.ROOT, "torch.relu(%s)", x));
        }
        throw new IllegalArgumentException("narrow: there is no TorchScript for " + layer);
    }

    private String narrow(String x) {
        return let(String.format(Locale.ROOT, "torch.to(%s, %d)", x, BFLOAT16));
    }

    private String let(String expression) {
        String name = "y" + names++;
        body.append("    ").append(name).append(" = ").append(expression).append('\n');
        return name;
    }

    @Override
    public double step(String caseName) {
        NDArray input = inputs.get(steps % inputs.size());
        NDArray label = labels.get(steps % labels.size());
        steps++;
        try (NDManager step = module.getNDManager().newSubManager()) {
            input.tempAttach(step);
            NDList all = new NDList(input, label);
            all.addAll(weights);
            all.addAll(statistics);
            if (!training) {
                return module.getBlock()
                        .forward(store, all, false)
                        .singletonOrThrow()
                        .getFloat();
            }
            NDArray mean;
            try (GradientCollector gradients = Engine.getEngine(ENGINE).newGradientCollector()) {
                mean = module.getBlock().forward(store, all, true).singletonOrThrow();
                gradients.backward(mean);
            }
            update.step();
            return mean.getFloat();
        }
    }

    @Override
    public void close() {
        module.close();
    }
}
