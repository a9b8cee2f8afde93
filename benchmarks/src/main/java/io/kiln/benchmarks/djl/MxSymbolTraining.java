package io.kiln.benchmarks.djl;

import ai.djl.engine.Engine;
import ai.djl.mxnet.jna.JnaUtils;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.net.Network;

/** A training step of a network that MXNet has compiled to one graph, with its fused loss and its fused optimizer. */
public final class MxSymbolTraining implements Contender {

    private final Network network;
    private MxSymbolNetwork net;
    private Update update;
    private int steps;

    /** Trains the network. */
    public MxSymbolTraining(Network network) {
        this.network = network;
    }

    @Override
    public void load(Setup setup) {
        Engines.load(MxSymbolNetwork.ENGINE);
    }

    @Override
    public Facts setup(Setup setup) throws Exception {
        net = new MxSymbolNetwork(network, true);
        update = Update.fused(net.weights(), network.learningRate());
        return net.facts();
    }

    @Override
    public double step(String caseName) {
        int[] labels = net.labelValues(steps);
        double loss;
        try (NDManager step = net.manager().newSubManager()) {
            NDArray output;
            try (GradientCollector gradients =
                    Engine.getEngine(MxSymbolNetwork.ENGINE).newGradientCollector()) {
                output = net.forward(steps, step);
                gradients.backward(output);
            }
            update.step();
            loss = crossEntropy(output.toFloatArray(), labels);
            JnaUtils.waitAll();
        }
        steps++;
        return loss;
    }

    private static double crossEntropy(float[] probabilities, int[] labels) {
        int classes = probabilities.length / labels.length;
        double loss = 0;
        for (int row = 0; row < labels.length; row++) {
            double p = classes == 1 && labels[row] == 0
                    ? 1 - probabilities[row]
                    : probabilities[row * classes + (classes == 1 ? 0 : labels[row])];
            loss -= Math.log(p);
        }
        return loss / labels.length;
    }

    @Override
    public void close() {
        net.close();
    }
}
