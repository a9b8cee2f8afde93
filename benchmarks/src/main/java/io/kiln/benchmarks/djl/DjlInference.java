package io.kiln.benchmarks.djl;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.net.Batches;
import io.kiln.benchmarks.net.Network;

/** The outputs of a network of DJL blocks for one batch, operator by operator, as a Java array. */
public final class DjlInference implements Contender {

    private final String engine;
    private final Network network;
    private DjlNetwork net;
    private int steps;

    /** The engine by the name that DJL knows it by. */
    public DjlInference(String engine, Network network) {
        this.engine = engine;
        this.network = network;
    }

    @Override
    public void load(Setup setup) {
        Engines.load(engine);
    }

    @Override
    public Facts setup(Setup setup) throws Exception {
        net = new DjlNetwork(engine, network);
        return new Facts(engine + " " + Engine.getEngine(engine).getVersion(), net.parameterCount());
    }

    @Override
    public double step(String caseName) {
        NDArray input = net.input(steps);
        int[] labels = net.labelValues(steps);
        steps++;
        try (NDManager step = net.manager().newSubManager()) {
            input.tempAttach(step);
            return Batches.crossEntropy(net.forward(input, false).toFloatArray(), labels);
        }
    }

    @Override
    public void close() {
        net.close();
    }
}
