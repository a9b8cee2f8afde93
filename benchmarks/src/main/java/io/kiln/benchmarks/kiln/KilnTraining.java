package io.kiln.benchmarks.kiln;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Insight;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.net.Network;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.nn.loss.Loss;
import io.kiln.nn.loss.SigmoidBce;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.Autocast;
import io.kiln.op.Precision;
import io.kiln.optim.Sgd;
import io.kiln.optim.TrainStep;
import io.kiln.optim.Trainer;
import io.kiln.optim.UpdateRule;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/** A training step of a network of Kiln's blocks, as one compiled program or operator by operator, as a user writes it. */
public final class KilnTraining implements Contender {

    private final Network network;
    private final boolean compiled;
    private final Precision precision;
    private final Loss loss;
    private KilnNetwork net;
    private Trainer trainer;
    private TrainStep program;
    private int steps;

    /** Trains the network in float32. */
    public KilnTraining(Network network, boolean compiled) {
        this(network, compiled, Precision.FLOAT32);
    }

    /** Trains the network in mixed precision. */
    public KilnTraining(Network network, boolean compiled, Precision precision) {
        this.network = network;
        this.compiled = compiled;
        this.precision = precision;
        loss = network.task() == Network.Task.CLASSES ? new SoftmaxCrossEntropy() : new SigmoidBce();
    }

    @Override
    public void load(Setup setup) {
        Backends.current().setThreads(setup.threads());
    }

    @Override
    public Facts setup(Setup setup) throws IOException {
        net = new KilnNetwork(network);
        UpdateRule rule = new UpdateRule(new Sgd(Network.MOMENTUM), network.learningRate());
        if (compiled) {
            program = new TrainStep(net.block(), loss, rule);
        } else {
            trainer = new Trainer(net.block().parameters(), rule);
        }
        return net.facts();
    }

    @Override
    public double step(String caseName) {
        NDArray input = net.input(steps);
        NDArray label = net.label(steps);
        steps++;
        if (compiled) {
            try (Autocast.Mode casts = Autocast.open(precision)) {
                return program.run(input, label);
            }
        }
        try (Scope scope = Scope.open()) {
            NDArray mean;
            try (Autograd.Mode mode = Autograd.record();
                    Autocast.Mode casts = Autocast.open(precision)) {
                mean = loss.mean(net.block().call(input), label);
            }
            Autograd.backward(mean);
            trainer.step(1);
            return mean.item();
        }
    }

    @Override
    public Optional<Insight> insight(String caseName) {
        OptionalLong planned = compiled
                ? OptionalLong.of(program.executable(net.input(0), net.label(0)).arenaBytes())
                : OptionalLong.empty();
        return Optional.of(Looking.into(() -> step(caseName), planned));
    }

    @Override
    public boolean profile(boolean on) {
        return Looking.profile(on);
    }

    @Override
    public void close() {
        if (compiled) {
            program.close();
        } else {
            trainer.close();
        }
        net.close();
    }
}
