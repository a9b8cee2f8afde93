package io.kiln.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.GraphBlock;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.L2;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.activation.Activation;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("core")
class TrainerTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(4);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Block network() {
        Block net = new Sequential(new Dense(16, Activation.TANH), new BatchNorm(), new Dropout(0.1), new Dense(3));
        net.initialize(8);
        return net;
    }

    private static double step(Block net, Trainer trainer, NDArray x, NDArray y) {
        try (Scope step = Scope.open()) {
            NDArray loss;
            try (Autograd.Mode record = Autograd.record()) {
                loss = new SoftmaxCrossEntropy().mean(net.forward(x), y);
            }
            Autograd.backward(loss);
            trainer.step(1);
            return loss.item();
        }
    }

    private static NDArray data() {
        return RandomOps.normal(Shape.of(30, 5), 0, 1, DType.FLOAT32);
    }

    private static NDArray labels(NDArray x) {
        return x.slice(1, 0, 3).argMax(1);
    }

    @Test
    void aNetworkAndItsGraphLearnTheSame() {
        NDArray x = data();
        NDArray y = labels(x);
        Block net = network();
        GraphBlock graph = new GraphBlock(net.trace(new Spec(Shape.of(Shape.UNKNOWN, 5), DType.FLOAT32)));
        graph.initialize(8);
        double[] losses = new double[2];
        int i = 0;
        for (Block b : new Block[] {net, graph}) {
            RandomGenerator.seed(1);
            try (Trainer trainer = new Trainer(b.parameters(), new UpdateRule(new Adam(), 0.02))) {
                for (int t = 0; t < 100; t++) {
                    losses[i] = step(b, trainer, x, y);
                }
            }
            i++;
        }
        assertTrue(losses[0] < 0.2, "loss " + losses[0]);
        assertEquals(losses[0], losses[1]);
    }

    @Test
    void aStaleGradientIsRefusedByName() {
        Block net = new Sequential(new Dense(2), new Dense(1));
        NDArray x = data();
        try (Trainer trainer = new Trainer(net.parameters(), new UpdateRule(new Sgd()))) {
            NDArray y;
            try (Autograd.Mode record = Autograd.record()) {
                y = net.forward(x);
            }
            IllegalStateException e = assertThrows(IllegalStateException.class, () -> trainer.step(1));
            assertTrue(e.getMessage().contains("0.weight"), e.getMessage());
            Autograd.backward(y);
            trainer.step(1);
            assertThrows(IllegalStateException.class, () -> trainer.step(1), "the gradient was used");
            float[] before = net.parameters().get("0.weight").value().toFloatArray();
            trainer.step(1, true);
            assertArrayEquals(before, net.parameters().get("0.weight").value().toFloatArray());
            assertEquals(2, trainer.steps());
        }
    }

    @Test
    void frozenParametersStay() {
        Block net = network();
        NDArray x = data();
        net.forward(x);
        net.parameters().get("0.weight").freeze();
        float[] before = net.parameters().get("0.weight").value().toFloatArray();
        try (Trainer trainer = new Trainer(net.parameters(), new UpdateRule(new Sgd(), 0.1))) {
            step(net, trainer, x, labels(x));
        }
        assertArrayEquals(before, net.parameters().get("0.weight").value().toFloatArray());
    }

    @Test
    void summedLossesAreDividedByTheBatch() {
        NDArray x = data();
        NDArray target = NDArray.zeros(Shape.of(30, 1), DType.FLOAT32);
        float[][] weights = new float[2][];
        for (int i = 0; i < 2; i++) {
            Block net = new Dense(1);
            net.initialize(2);
            NDArray loss;
            try (Autograd.Mode record = Autograd.record()) {
                NDArray losses = new L2().compute(net.forward(x), target);
                loss = i == 0 ? losses.sum() : losses.mean();
            }
            Autograd.backward(loss);
            try (Trainer trainer = new Trainer(net.parameters(), new UpdateRule(new Sgd(), 0.1))) {
                trainer.step(i == 0 ? 30 : 1);
            }
            weights[i] = net.parameters().get("weight").value().toFloatArray();
        }
        assertArrayEquals(weights[0], weights[1], 1e-6f);
    }

    @Test
    void clippingByNormBoundsTheStep() {
        Block net = new Dense(1);
        net.initialize(2);
        NDArray x = data();
        NDArray loss;
        try (Autograd.Mode record = Autograd.record()) {
            loss = net.forward(x).mul(1000).sum();
        }
        Autograd.backward(loss);
        NDArray w = net.parameters().get("weight").value().copy();
        NDArray b = net.parameters().get("bias").value().copy();
        UpdateRule rule = new UpdateRule(new Sgd(), 1).withClipNorm(0.5);
        try (Trainer trainer = new Trainer(net.parameters(), rule)) {
            trainer.step(1);
        }
        double moved = w.sub(net.parameters().get("weight").value())
                        .square()
                        .sum()
                        .item()
                + b.sub(net.parameters().get("bias").value()).square().sum().item();
        assertEquals(0.25, moved, 1e-5);
    }

    @Test
    void gradientsAreExchangedBeforeTheUpdate() {
        Block net = new Dense(1);
        net.initialize(2);
        NDArray x = data();
        NDArray before = null;
        try (Trainer trainer = new Trainer(
                net.parameters(), new UpdateRule(new Sgd(), 0.1), gradients -> gradients.forEach(g -> g.fill(1)))) {
            NDArray y;
            try (Autograd.Mode record = Autograd.record()) {
                y = net.forward(x).sum();
            }
            before = net.parameters().get("weight").value().copy();
            Autograd.backward(y);
            trainer.step(2);
        }
        assertArrayEquals(
                before.sub(0.05).toFloatArray(),
                net.parameters().get("weight").value().toFloatArray(),
                1e-6f);
    }

    @Test
    void savedStatesContinueTheTraining(@TempDir Path dir) throws IOException {
        NDArray x = data();
        NDArray y = labels(x);
        Path states = dir.resolve("states.safetensors");
        Block a = network();
        UpdateRule rule = new UpdateRule(new Adam(), new StepDecay(0.05, 2, 0.5));
        try (Trainer first = new Trainer(a.parameters(), rule);
                Trainer second = new Trainer(a.parameters(), rule);
                Trainer other = new Trainer(a.parameters(), new UpdateRule(new Sgd(0.9)))) {
            for (int t = 0; t < 3; t++) {
                step(a, first, x, y);
            }
            first.saveStates(states);
            Block b = a.toGraphBlock(new Spec(Shape.of(Shape.UNKNOWN, 5), DType.FLOAT32));
            RandomGenerator.State random = RandomGenerator.state();
            double expected = step(a, first, x, y) + step(a, first, x, y);
            second.loadStates(states);
            assertEquals(3, second.steps());
            assertThrows(IllegalArgumentException.class, () -> other.loadStates(states));
            RandomGenerator.restore(random);
            try (Trainer continued = new Trainer(b.parameters(), rule)) {
                continued.loadStates(states);
                assertEquals(expected, step(b, continued, x, y) + step(b, continued, x, y));
            }
        }
    }

    @Test
    void theScheduleCountsSteps() {
        Block net = network();
        NDArray x = data();
        try (Trainer trainer = new Trainer(net.parameters(), new UpdateRule(new Sgd(), new StepDecay(1, 1, 0.5)))) {
            assertEquals(1, trainer.learningRate());
            step(net, trainer, x, labels(x));
            assertEquals(0.5, trainer.learningRate());
            trainer.setLearningRate(0.125);
            assertEquals(0.125, trainer.learningRate());
        }
    }

    @Tag("long")
    @Test
    void aThousandStepsTakeNoMoreMemoryThanTen() {
        Block net = network();
        NDArray x = data();
        NDArray y = labels(x);
        try (Trainer trainer = new Trainer(net.parameters(), new UpdateRule(new Lamb()))) {
            for (int t = 0; t < 10; t++) {
                step(net, trainer, x, y);
            }
            long afterTen = Backends.current().allocator().liveBytes();
            for (int t = 0; t < 990; t++) {
                step(net, trainer, x, y);
            }
            // What earlier tests left to the garbage collector may have gone in between.
            long afterThousand = Backends.current().allocator().liveBytes();
            assertTrue(afterThousand <= afterTen, afterTen + " bytes became " + afterThousand);
        }
    }
}
