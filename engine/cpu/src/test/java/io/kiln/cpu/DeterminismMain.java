package io.kiln.cpu;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
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
import io.kiln.op.activation.Activation;
import io.kiln.op.index.Indexing;
import io.kiln.op.index.Segments;
import io.kiln.op.random.Distributions;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import io.kiln.optim.Adam;
import io.kiln.optim.TrainStep;
import io.kiln.optim.Trainer;
import io.kiln.optim.UpdateRule;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.zip.CRC32;

/** Trains small networks and draws random numbers, and prints checksums of all bits that come of it. */
public final class DeterminismMain {
    private static final int STEPS = 4;
    private static final long WORDS = 60;

    private static final Map<String, Supplier<Block>> NETWORKS = Map.of(
            "convolutions",
            () -> new Sequential(
                    Conv2D.builder().channels(8).kernel(3).pad(1).useBias(false).build(),
                    new BatchNorm(),
                    Pool.max2D(2),
                    Conv2D.builder()
                            .channels(12)
                            .kernel(3)
                            .activation(Activation.RELU)
                            .build(),
                    new Dropout(0.3),
                    new Dense(10)),
            "lstm",
            () -> new LstmLanguageModel(WORDS, 32, 2, 0.2),
            "transformer",
            () -> new Gpt2(WORDS, 16, 2, 32, 4, 0.1));

    private DeterminismMain() {}

    /**
     * The process that {@link DeterminismTest} starts.
     *
     * @param arguments none
     * @throws InterruptedException never
     */
    public static void main(String[] arguments) throws InterruptedException {
        checksums().forEach((what, sum) -> System.out.println("SUM " + what + "=" + sum));
    }

    /**
     * Runs everything with one thread and with two.
     *
     * @return checksums by what was run
     * @throws InterruptedException if the thread is interrupted
     */
    static Map<String, Long> checksums() throws InterruptedException {
        Map<String, Long> sums = new TreeMap<>();
        for (int threads : new int[] {1, 2}) {
            AtomicReference<Throwable> failure = new AtomicReference<>();
            // Number of threads and random state belong to the thread.
            Thread t = new Thread(() -> {
                EngineThreads.set(threads);
                String with = " with threads: " + threads;
                NETWORKS.keySet().forEach(n -> {
                    for (Way way : Way.values()) {
                        sums.put(n + ", " + way + with, trained(n, way));
                    }
                });
                sums.put("random numbers" + with, drawn());
                sums.put("sums by index" + with, scattered());
            });
            t.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
            t.start();
            t.join();
            if (failure.get() != null) {
                throw new IllegalStateException(failure.get());
            }
        }
        return sums;
    }

    /** How a network is trained. */
    private enum Way {
        EAGER,
        HYBRIDIZED,
        COMPILED
    }

    private static long trained(String name, Way way) {
        try (Scope scope = Scope.open();
                Block net = NETWORKS.get(name).get()) {
            net.initialize(4);
            if (way == Way.HYBRIDIZED) {
                net.hybridize();
            }
            RandomGenerator.seed(6);
            CRC32 sum = new CRC32();
            UpdateRule rule = new UpdateRule(new Adam(), 0.01);
            NDArray[] batch = batch(name);
            net.call(batch[0]);
            try (Trainer trainer = new Trainer(net.parameters(), rule);
                    TrainStep step = new TrainStep(net, new SoftmaxCrossEntropy(), rule)) {
                for (int i = 0; i < STEPS; i++) {
                    batch = batch(name);
                    if (way == Way.COMPILED) {
                        add(sum, NDArray.scalar(step.run(batch[0], batch[1]), DType.FLOAT64));
                        continue;
                    }
                    NDArray loss;
                    try (Autograd.Mode record = Autograd.record()) {
                        loss = new SoftmaxCrossEntropy().mean(net.call(batch[0]), batch[1]);
                    }
                    Autograd.backward(loss);
                    trainer.step(1);
                    add(sum, NDArray.scalar(loss.item(), DType.FLOAT64));
                }
            }
            net.parameters().values().forEach(p -> add(sum, p.value()));
            return sum.getValue();
        }
    }

    /** Tokens occur several times in a batch: the gradient of the embedding adds their rows. */
    private static NDArray[] batch(String name) {
        if (name.equals("convolutions")) {
            return new NDArray[] {
                RandomOps.normal(Shape.of(16, 3, 20, 20), 0, 1, DType.FLOAT32),
                Distributions.integers(Shape.of(16), 0, 10)
            };
        }
        Shape shape = Shape.of(24, 16);
        return new NDArray[] {Distributions.integers(shape, 0, WORDS), Distributions.integers(shape, 0, WORDS)};
    }

    private static long drawn() {
        try (Scope scope = Scope.open()) {
            CRC32 sum = new CRC32();
            RandomGenerator.seed(8);
            Shape shape = Shape.of(300, 41);
            add(sum, RandomOps.uniform(shape, -1, 2, DType.FLOAT32));
            add(sum, RandomOps.normal(shape, 1, 3, DType.FLOAT64));
            add(sum, RandomOps.bernoulli(shape, 0.3, DType.FLOAT32));
            add(sum, Distributions.exponential(shape, 2, DType.FLOAT32));
            add(sum, Distributions.gumbel(shape, DType.FLOAT32));
            NDArray rates = RandomOps.uniform(shape, 0.2, 9, DType.FLOAT32);
            add(sum, Distributions.gamma(rates, 2));
            add(sum, Distributions.poisson(rates));
            add(sum, Distributions.permutation(5000));
            add(sum, Distributions.categorical(rates, 7));
            return sum.getValue();
        }
    }

    private static long scattered() {
        try (Scope scope = Scope.open()) {
            CRC32 sum = new CRC32();
            RandomGenerator.seed(9);
            NDArray rows = RandomOps.normal(Shape.of(20_000, 9), 0, 1, DType.FLOAT32);
            NDArray index = Distributions.integers(Shape.of(20_000), 0, 30);
            add(sum, Indexing.scatterAdd(NDArray.zeros(Shape.of(30, 9), DType.FLOAT32), index, rows, 0));
            add(sum, Segments.sum(rows, index, 30));
            add(sum, Segments.mean(rows, index, 30));
            add(sum, rows.sum());
            add(sum, rows.sum(0));
            add(sum, rows.softmax(0).max(1));
            return sum.getValue();
        }
    }

    private static void add(CRC32 sum, NDArray a) {
        sum.update(a.toByteArray());
    }
}
