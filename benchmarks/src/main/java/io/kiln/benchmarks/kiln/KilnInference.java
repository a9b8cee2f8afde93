package io.kiln.benchmarks.kiln;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Insight;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.net.Batches;
import io.kiln.benchmarks.net.Network;
import io.kiln.ndarray.Scope;
import io.kiln.op.Autocast;
import io.kiln.op.Precision;
import io.kiln.view.InternalMemory;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/** The outputs of a network of Kiln's blocks for one batch, compiled or operator by operator, as a Java array. */
public final class KilnInference implements Contender {

    private final Network network;
    private final boolean compiled;
    private final Precision precision;
    private KilnNetwork net;
    private int steps;

    /** Runs the network in float32. */
    public KilnInference(Network network, boolean compiled) {
        this(network, compiled, Precision.FLOAT32);
    }

    /** Runs the network in mixed precision. */
    public KilnInference(Network network, boolean compiled, Precision precision) {
        this.network = network;
        this.compiled = compiled;
        this.precision = precision;
    }

    @Override
    public void load(Setup setup) {
        Backends.current().setThreads(setup.threads());
    }

    @Override
    public Facts setup(Setup setup) throws IOException {
        net = new KilnNetwork(network);
        if (compiled) {
            net.block().hybridize();
        }
        return net.facts();
    }

    @Override
    public double step(String caseName) {
        int[] labels = net.labelValues(steps);
        try (Scope scope = Scope.open();
                Autograd.Mode mode = Autograd.predictMode();
                Autocast.Mode casts = Autocast.open(precision)) {
            return Batches.crossEntropy(net.block().call(net.input(steps++)).toFloatArray(), labels);
        }
    }

    @Override
    public Optional<Insight> insight(String caseName) {
        OptionalLong planned = OptionalLong.empty();
        if (compiled) {
            try (Autocast.Mode casts = Autocast.open(precision)) {
                planned = OptionalLong.of(
                        InternalMemory.ofPrediction(net.block(), net.input(0).spec())
                                .planned());
            }
        }
        OptionalLong bytes = planned;
        return Optional.of(Looking.into(() -> step(caseName), bytes));
    }

    @Override
    public boolean profile(boolean on) {
        return Looking.profile(on);
    }

    @Override
    public void close() {
        net.close();
    }
}
