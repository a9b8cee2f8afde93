package io.kiln.cpu.bits;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.nn.zoo.Gpt2;
import io.kiln.nn.zoo.LstmLanguageModel;
import io.kiln.op.random.RandomGenerator;
import io.kiln.optim.AdaBelief;
import io.kiln.optim.AdaDelta;
import io.kiln.optim.AdaGrad;
import io.kiln.optim.Adam;
import io.kiln.optim.AdamW;
import io.kiln.optim.Adamax;
import io.kiln.optim.AmsGrad;
import io.kiln.optim.Dcasgd;
import io.kiln.optim.Ftml;
import io.kiln.optim.Ftrl;
import io.kiln.optim.GravesRmsProp;
import io.kiln.optim.GroupAdaGrad;
import io.kiln.optim.Lamb;
import io.kiln.optim.Lans;
import io.kiln.optim.Lars;
import io.kiln.optim.Lion;
import io.kiln.optim.Lookahead;
import io.kiln.optim.Nadam;
import io.kiln.optim.Nag;
import io.kiln.optim.Optimizer;
import io.kiln.optim.RAdam;
import io.kiln.optim.RmsProp;
import io.kiln.optim.Sgd;
import io.kiln.optim.Sgld;
import io.kiln.optim.Signum;
import io.kiln.optim.TrainStep;
import io.kiln.optim.Trainer;
import io.kiln.optim.UpdateRule;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/** Training runs of small networks, and of one network with each optimizer: losses of all steps and the parameters in the end. */
final class Training {
    private static final int STEPS = 50;
    private static final int OPTIMIZER_STEPS = 10;
    private static final long WORDS = 60;

    /** A network and a batch for it. */
    private record Run(Supplier<Block> network, Supplier<NDArray> data, Supplier<NDArray> label) {}

    private static final Run MLP = new Run(
            () -> new Sequential(
                    new Dense(128),
                    Activations.relu(),
                    new Dropout(0.2),
                    new Dense(64),
                    Activations.tanh(),
                    new Dense(10)),
            () -> Zoo.real(64, 100),
            () -> Zoo.whole(10, 64));

    private static final Map<String, Run> RUNS = Map.of(
            "mlp",
            MLP,
            "convnet",
            new Run(
                    () -> new Sequential(
                            Conv2D.builder()
                                    .channels(16)
                                    .kernel(3)
                                    .pad(1)
                                    .useBias(false)
                                    .build(),
                            new BatchNorm(),
                            Activations.relu(),
                            Pool.max2D(2),
                            Conv2D.builder().channels(24).kernel(3).build(),
                            Activations.relu(),
                            new Dropout(0.3),
                            new Dense(10)),
                    () -> Zoo.real(16, 3, 20, 20),
                    () -> Zoo.whole(10, 16)),
            "lstm",
            new Run(
                    () -> new LstmLanguageModel(WORDS, 32, 2, 0.2),
                    () -> Zoo.whole(WORDS, 24, 16),
                    () -> Zoo.whole(WORDS, 24, 16)),
            "transformer",
            new Run(
                    () -> new Gpt2(WORDS, 16, 2, 32, 4, 0.1),
                    () -> Zoo.whole(WORDS, 24, 16),
                    () -> Zoo.whole(WORDS, 24, 16)));

    private static final List<Optimizer> OPTIMIZERS = List.of(
            new Sgd(),
            new Sgd(0.9),
            new Nag(),
            new Signum(),
            new Sgld(),
            new Adam(),
            new AdamW(),
            new AdaGrad(),
            new AdaDelta(),
            new RmsProp(),
            new GravesRmsProp(),
            new Ftrl(),
            new Adamax(),
            new Nadam(),
            new Lars(),
            new Lamb(),
            new Lans(),
            new Lion(),
            new AdaBelief(),
            new AmsGrad(),
            new RAdam(),
            new Ftml(),
            new Dcasgd(),
            new GroupAdaGrad(),
            new Lookahead(new Adam()));

    private Training() {}

    /** How a network is trained. */
    private enum Way {
        EAGER,
        HYBRIDIZED,
        COMPILED
    }

    static void record(Bits bits) {
        RUNS.forEach((name, run) -> {
            for (Way way : Way.values()) {
                train(bits.within(name + ", " + way.name().toLowerCase(Locale.ROOT)), run, way, new Adam(), STEPS);
            }
        });
    }

    static void recordOptimizers(Bits bits) {
        for (Optimizer optimizer : OPTIMIZERS) {
            train(bits.within(optimizer.toString()), MLP, Way.EAGER, optimizer, OPTIMIZER_STEPS);
        }
    }

    private static void train(Bits bits, Run run, Way way, Optimizer optimizer, int steps) {
        UpdateRule rule = new UpdateRule(optimizer, 0.01);
        SoftmaxCrossEntropy loss = new SoftmaxCrossEntropy();
        try (Scope scope = Scope.open();
                Block net = run.network().get()) {
            net.initialize(4);
            if (way == Way.HYBRIDIZED) {
                net.hybridize();
            }
            RandomGenerator.seed(6);
            NDArray data = run.data().get();
            NDArray label = run.label().get();
            net.call(data);
            bits.add("initial", parameters(net));
            double[] losses = new double[steps];
            try (Trainer trainer = new Trainer(net.parameters(), rule);
                    TrainStep step = new TrainStep(net, loss, rule)) {
                for (int i = 0; i < steps; i++) {
                    losses[i] = way == Way.COMPILED ? step.run(data, label) : step(net, loss, trainer, data, label);
                    if (i == 0) {
                        bits.add("after a step", parameters(net));
                    }
                }
            }
            bits.add("losses", losses);
            bits.add("after all steps", parameters(net));
        }
    }

    private static double step(Block net, SoftmaxCrossEntropy loss, Trainer trainer, NDArray data, NDArray label) {
        try (Scope scope = Scope.open()) {
            NDArray mean;
            try (Autograd.Mode record = Autograd.record()) {
                mean = loss.mean(net.call(data), label);
            }
            Autograd.backward(mean);
            trainer.step(1);
            return mean.item();
        }
    }

    private static NDArray[] parameters(Block net) {
        return net.parameters().values().stream().map(p -> p.value()).toArray(NDArray[]::new);
    }
}
