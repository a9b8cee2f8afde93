package io.kiln.benchmarks.djl;

import ai.djl.ndarray.NDManager;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.net.Batches;
import io.kiln.benchmarks.net.Network;

/** The outputs of a network that MXNet has compiled to one graph, for one batch, as a Java array. */
public final class MxSymbolInference implements Contender {

    private final Network network;
    private MxSymbolNetwork net;
    private int steps;

    /** Runs the network. */
    public MxSymbolInference(Network network) {
        this.network = network;
    }

    @Override
    public void load(Setup setup) {
        Engines.load(MxSymbolNetwork.ENGINE);
    }

    @Override
    public Facts setup(Setup setup) throws Exception {
        net = new MxSymbolNetwork(network, false);
        return net.facts();
    }

    @Override
    public double step(String caseName) {
        int[] labels = net.labelValues(steps);
        try (NDManager step = net.manager().newSubManager()) {
            return Batches.crossEntropy(net.forward(steps++, step).toFloatArray(), labels);
        }
    }

    @Override
    public void close() {
        net.close();
    }
}
