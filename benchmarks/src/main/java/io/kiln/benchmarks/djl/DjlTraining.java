package io.kiln.benchmarks.djl;

import ai.djl.engine.Engine;
import ai.djl.mxnet.jna.JnaUtils;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import ai.djl.training.loss.Loss;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.net.Network;

/** A training step of a network of DJL blocks, operator by operator. */
public final class DjlTraining implements Contender {

    private final String engine;
    private final Network network;
    private final boolean asynchronous;
    private final Loss loss;
    private DjlNetwork net;
    private Update update;
    private int steps;

    /** The engine by the name that DJL knows it by. */
    public DjlTraining(String engine, Network network) {
        this.engine = engine;
        this.network = network;
        loss = network.task() == Network.Task.CLASSES
                ? Loss.softmaxCrossEntropyLoss()
                : Loss.sigmoidBinaryCrossEntropyLoss();
        this.asynchronous = engine.equals("MXNet");
    }

    @Override
    public void load(Setup setup) {
        Engines.load(engine);
    }

    @Override
    public Facts setup(Setup setup) throws Exception {
        net = new DjlNetwork(engine, network);
        update = asynchronous
                ? Update.fused(net.weights(), network.learningRate())
                : Update.inPlace(net.weights(), network.learningRate());
        return new Facts(engine + " " + Engine.getEngine(engine).getVersion(), net.parameterCount());
    }

    @Override
    public double step(String caseName) {
        NDArray input = net.input(steps);
        NDArray label = net.label(steps);
        steps++;
        double value;
        try (NDManager step = net.manager().newSubManager()) {
            input.tempAttach(step);
            label.tempAttach(step);
            NDArray mean;
            try (GradientCollector gradients = Engine.getEngine(engine).newGradientCollector()) {
                mean = loss.evaluate(new NDList(label), new NDList(net.forward(input, true)));
                gradients.backward(mean);
            }
            update.step();
            value = mean.getFloat();
            if (asynchronous) {
                JnaUtils.waitAll();
            }
        }
        return value;
    }

    @Override
    public void close() {
        net.close();
    }
}
