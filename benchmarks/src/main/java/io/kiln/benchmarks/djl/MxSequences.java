package io.kiln.benchmarks.djl;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.mxnet.jna.JnaUtils;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.training.GradientCollector;
import ai.djl.training.loss.Loss;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.net.Network;
import io.kiln.benchmarks.net.SequenceModel;
import java.util.ArrayList;
import java.util.List;

/** A network over sequences by MXNet's operators, of which one is the fused LSTM, called one after the other through DJL. */
public final class MxSequences implements Contender {

    private static final String ENGINE = "MXNet";

    private final SequenceModel model;
    private final boolean training;
    private final Loss loss = Loss.softmaxCrossEntropyLoss();
    private final NDManager manager = NDManager.newBaseManager(Device.cpu(), ENGINE);
    private final NDList weights = new NDList();
    private final List<NDArray> inputs = new ArrayList<>();
    private final List<NDArray> labels = new ArrayList<>();
    private NDArray zeros;
    private Update update;
    private int steps;

    /** Trains the network, or predicts with it. */
    public MxSequences(SequenceModel model, boolean training) {
        this.model = model;
        this.training = training;
    }

    @Override
    public void load(Setup setup) {
        Engines.load(ENGINE);
    }

    @Override
    public Facts setup(Setup setup) {
        for (Network.Parameter p : model.parameters()) {
            weights.add(manager.create(p.values(), new Shape(p.shape())));
        }
        for (int i = 0; i < SequenceModel.BATCHES; i++) {
            if (model == SequenceModel.LSTM) {
                Shape shape = new Shape(model.batch(), model.length());
                inputs.add(manager.create(model.words(i), shape).transpose().toType(DataType.FLOAT32, true));
                labels.add(manager.create(model.nextWords(i), shape)
                        .transpose()
                        .toType(DataType.FLOAT32, true)
                        .reshape(-1, 1));
            } else {
                inputs.add(manager.create(
                        model.features(i), new Shape(model.batch(), model.length(), SequenceModel.SIZE)));
                labels.add(manager.create(model.classes(i))
                        .toType(DataType.FLOAT32, true)
                        .reshape(-1, 1));
            }
        }
        zeros = manager.zeros(new Shape(SequenceModel.LSTM_LAYERS, model.batch(), SequenceModel.HIDDEN));
        if (training) {
            update = Update.fused(weights, model.learningRate());
        }
        long count = weights.stream().mapToLong(NDArray::size).sum();
        return new Facts(ENGINE + " " + Engine.getEngine(ENGINE).getVersion(), count);
    }

    private NDArray scores(NDArray x) {
        if (model == SequenceModel.LSTM) {
            NDArray e = x.getNDArrayInternal()
                    .embedding(x, weights.get(0), SparseFormat.DENSE)
                    .singletonOrThrow();
            NDList layers = new NDList(); // all weights in front of all biases
            for (int half = 1; half < 4; half += 2) {
                for (int i = 0; i < SequenceModel.LSTM_LAYERS; i++) {
                    layers.add(weights.get(4 * i + half));
                    layers.add(weights.get(4 * i + half + 1));
                }
            }
            NDArray y = e.getNDArrayInternal()
                    .lstm(
                            e,
                            new NDList(zeros, zeros),
                            layers,
                            true,
                            SequenceModel.LSTM_LAYERS,
                            0,
                            training,
                            false,
                            false)
                    .get(0);
            return linear(y, 9).reshape(-1, SequenceModel.WORDS);
        }
        NDArray y = x;
        for (int i = 0; i < SequenceModel.LAYERS; i++) {
            int w = 16 * i;
            NDArray scores = heads(y, w, false).matMul(heads(y, w + 2, true));
            NDArray p = scores.mul(1 / Math.sqrt(SequenceModel.SIZE / SequenceModel.HEADS))
                    .softmax(-1);
            NDArray joined = p.matMul(heads(y, w + 4, false))
                    .reshape(model.batch(), SequenceModel.HEADS, model.length(), -1)
                    .transpose(0, 2, 1, 3)
                    .reshape(model.batch(), model.length(), SequenceModel.SIZE);
            y = norm(y.add(linear(joined, w + 6)), w + 8);
            NDArray inner = linear(y, w + 10).getNDArrayInternal().gelu();
            y = norm(y.add(linear(inner, w + 12)), w + 14);
        }
        return linear(y.mean(new int[] {1}), 16 * SequenceModel.LAYERS);
    }

    /** [batch · heads, length, features of a head], or the last two axes exchanged. */
    private NDArray heads(NDArray x, int weight, boolean turned) {
        int size = SequenceModel.SIZE / SequenceModel.HEADS;
        NDArray split = linear(x, weight).reshape(model.batch(), model.length(), SequenceModel.HEADS, size);
        return turned
                ? split.transpose(0, 2, 3, 1).reshape(-1, size, model.length())
                : split.transpose(0, 2, 1, 3).reshape(-1, model.length(), size);
    }

    private NDArray linear(NDArray x, int weight) {
        return x.getNDArrayInternal()
                .linear(x, weights.get(weight), weights.get(weight + 1))
                .singletonOrThrow();
    }

    private NDArray norm(NDArray x, int gamma) {
        return x.getNDArrayInternal()
                .layerNorm(x, new Shape(SequenceModel.SIZE), weights.get(gamma), weights.get(gamma + 1), 1e-5f)
                .singletonOrThrow();
    }

    @Override
    public double step(String caseName) {
        NDArray input = inputs.get(steps % SequenceModel.BATCHES);
        NDArray label = labels.get(steps % SequenceModel.BATCHES);
        steps++;
        double value;
        try (NDManager step = manager.newSubManager()) {
            input.tempAttach(step);
            label.tempAttach(step);
            if (!training) {
                return loss.evaluate(new NDList(label), new NDList(scores(input)))
                        .getFloat();
            }
            NDArray mean;
            try (GradientCollector gradients = Engine.getEngine(ENGINE).newGradientCollector()) {
                mean = loss.evaluate(new NDList(label), new NDList(scores(input)));
                gradients.backward(mean);
            }
            update.step();
            value = mean.getFloat();
            JnaUtils.waitAll();
        }
        return value;
    }

    @Override
    public void close() {
        manager.close();
    }
}
