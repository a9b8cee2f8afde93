package io.kiln.benchmarks.kiln;

import io.kiln.autograd.Autograd;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.net.Network;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.nn.Parameter;
import io.kiln.op.Neural;
import io.kiln.optim.Optimizer;
import io.kiln.optim.Sgd;
import io.kiln.optim.UpdateRule;
import io.kiln.optim.Updates;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A training step of a network of Kiln's blocks, operator by operator. */
public final class KilnTraining implements Contender {

    private final Network network;
    private final Optimizer optimizer = new Sgd(Network.MOMENTUM);
    private final UpdateRule rule = new UpdateRule(optimizer, Network.LEARNING_RATE);
    private final List<NDArray> momenta = new ArrayList<>();
    private KilnNetwork net;
    private int steps;

    /** Trains the network. */
    public KilnTraining(Network network) {
        this.network = network;
    }

    @Override
    public Facts setup(Setup setup) throws IOException {
        net = new KilnNetwork(network, setup.threads());
        for (Parameter parameter : net.parameters()) {
            momenta.add(NDArray.zeros(parameter.shape(), parameter.dtype()));
        }
        return net.facts();
    }

    @Override
    public double step(String caseName) {
        NDArray input = net.input(steps);
        NDArray label = net.label(steps);
        steps++;
        try (Scope scope = Scope.open()) {
            NDArray loss;
            try (Autograd.Mode mode = Autograd.record()) {
                loss = Neural.softmaxCrossEntropy(net.block().call(input), label).mean();
            }
            Autograd.backward(loss);
            for (int i = 0; i < momenta.size(); i++) {
                Parameter p = net.parameters().get(i);
                Updates.run(optimizer, rule.step(steps, p.role(), 1), p.data(), p.gradient(), momenta.get(i));
            }
            return loss.item();
        }
    }

    @Override
    public void close() {
        net.close();
        momenta.forEach(NDArray::close);
    }
}
