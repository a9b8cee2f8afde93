package io.kiln.optim;

import static io.kiln.ValueFaults.raised;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Embedding;
import io.kiln.nn.loss.L2;
import io.kiln.op.random.RandomGenerator;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables in compiled training steps, beside the trainer that updates them whole or lazily. */
class DeferredRowsTest {
    private static final int ROWS = 2048;
    private static final int WIDTH = 128;
    private static final String TABLE = "table.weight";
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(5);
        Backends.current().setThreads(2);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** The mean of looked-up vectors decides; with {@code twice} the table is looked up at two places. */
    private static final class Bag extends Block {
        private final boolean twice;
        private final Embedding table;
        private final Block output = addChild("output", new Dense(1));

        Bag(boolean twice, boolean lazy) {
            this.twice = twice;
            table = addChild("table", new Embedding(ROWS, WIDTH));
            if (lazy) {
                table.withRowGradient();
            }
        }

        @Override
        public NDArray forward(NDArray x) {
            NDArray y = table.call(x).mean(1);
            return output.call(twice ? y.add(table.call(x.slice(1, 0, 1)).mean(1)) : y);
        }
    }

    private static Block bag(boolean twice, boolean lazy) {
        Block net = new Bag(twice, lazy);
        net.initialize(4);
        return net;
    }

    private static double trained(Block net, Trainer trainer, NDArray x, NDArray y) {
        NDArray mean;
        try (Autograd.Mode record = Autograd.record()) {
            mean = new L2().mean(net.call(x), y);
        }
        Autograd.backward(mean);
        trainer.step(1);
        return mean.item();
    }

    /** A few of the rows, some of them more than once; every now and then only those of a small corner. */
    private static NDArray indices(Random random, int batch, DType dtype) {
        long[] index = new long[batch * 3];
        int range = random.nextInt(3) == 0 ? 10 : ROWS;
        for (int i = 0; i < index.length; i++) {
            index[i] = random.nextInt(range);
        }
        return NDArray.of(Shape.of(batch, 3), index).cast(dtype);
    }

    private static NDArray labels(int batch) {
        return NDArray.arange(0, batch, 1, DType.FLOAT32).reshape(batch, 1);
    }

    private static float[] table(Block net) {
        return net.parameters().get(TABLE).value().toFloatArray();
    }

    static Stream<UpdateRule> rules() {
        return Stream.of(
                new UpdateRule(new Sgd(), 0.05),
                new UpdateRule(new Sgd(0.9), 0.05),
                new UpdateRule(new Sgd(0.9), new StepDecay(0.05, 7, 0.9)).withWeightDecay(0.01),
                new UpdateRule(new Adam(), 0.01).withClipValue(0.01),
                new UpdateRule(new AdaGrad(), 0.01));
    }

    @Tag("long")
    @ParameterizedTest
    @MethodSource("rules")
    void tablesOfWhichFewRowsAreLookedUpAreThoseOfTrainerToTheBit(UpdateRule rule) {
        Random random = new Random(1);
        try (Block eager = bag(false, false);
                Block compiled = bag(false, false);
                Trainer trainer = new Trainer(eager.parameters(), rule);
                TrainStep step = new TrainStep(compiled, new L2(), rule)) {
            for (int i = 0; i < DeferredRows.WINDOW + 50; i++) {
                int batch = i % 10 == 3 ? 5 : 16;
                NDArray x = indices(random, batch, i % 2 == 0 ? DType.INT32 : DType.INT64);
                assertEquals(
                        trained(eager, trainer, x, labels(batch)), step.run(x, labels(batch)), "loss of step " + i);
                if (i == 20) {
                    assertArrayEquals(table(eager), table(compiled), "after step 20");
                }
            }
            assertArrayEquals(table(eager), table(compiled), "in the end");
        }
    }

    @Test
    void theRestOfTheTableWaitsUntilItIsAskedFor() {
        Random random = new Random(2);
        try (Block net = bag(false, false)) {
            NDArray stored = net.parameters().get(TABLE).value();
            float[] late;
            try (TrainStep step = new TrainStep(net, new L2(), new UpdateRule(new Sgd(0.9), 0.5))) {
                for (int i = 0; i < 5; i++) {
                    step.run(indices(random, 16, DType.INT32), labels(16));
                }
                late = stored.toFloatArray();
            }
            float[] settled = stored.toFloatArray();
            assertFalse(java.util.Arrays.equals(late, settled));
            assertArrayEquals(settled, table(net));
        }
    }

    @ParameterizedTest
    @MethodSource("rules")
    void aBatchWithManyRowsUpdatesTheWholeTableBeforeAndAfterFewRows(UpdateRule rule) {
        for (int large : new int[] {0, 2}) {
            Random random = new Random(3);
            try (Block eager = bag(false, false);
                    Block compiled = bag(false, false);
                    Trainer trainer = new Trainer(eager.parameters(), rule);
                    TrainStep step = new TrainStep(compiled, new L2(), rule)) {
                for (int i = 0; i < 8; i++) {
                    int batch = i % 4 == large ? ROWS / 4 : 8;
                    NDArray x = indices(random, batch, DType.INT32);
                    trained(eager, trainer, x, labels(batch));
                    step.run(x, labels(batch));
                }
                assertArrayEquals(table(eager), table(compiled), "many rows in step " + large + " of 4");
            }
        }
    }

    @Test
    void twoStepsOfOneNetworkTakeTurns() {
        UpdateRule rule = new UpdateRule(new Sgd(0.9), 0.05);
        Random random = new Random(7);
        try (Block eager = bag(false, false);
                Block compiled = bag(false, false);
                Trainer trainer = new Trainer(eager.parameters(), rule);
                Trainer otherTrainer = new Trainer(eager.parameters(), rule);
                TrainStep step = new TrainStep(compiled, new L2(), rule)) {
            try (TrainStep other = new TrainStep(compiled, new L2(), rule)) {
                for (int i = 0; i < 12; i++) {
                    NDArray x = indices(random, 8, DType.INT32);
                    trained(eager, i % 3 == 0 ? otherTrainer : trainer, x, labels(8));
                    (i % 3 == 0 ? other : step).run(x, labels(8));
                }
            }
            assertArrayEquals(table(eager), table(compiled));
        }
    }

    @Test
    void anIndexOutOfRangeIsNamedAndLeavesTheTableAsItWas() {
        UpdateRule rule = new UpdateRule(new Sgd(0.9), 0.05);
        try (Block net = bag(false, false);
                TrainStep step = new TrainStep(net, new L2(), rule)) {
            step.run(indices(new Random(4), 16, DType.INT32), labels(16));
            float[] before = table(net);
            NDArray bad = NDArray.of(Shape.of(1, 3), 1, ROWS, 2);
            Exception compiled = assertThrows(IndexOutOfBoundsException.class, () -> step.run(bad, labels(1)));
            Exception eager = raised(IndexOutOfBoundsException.class, () -> net.call(bad));
            String gather = "gather (axis 0): indices must be from 0 to 2047, got 2048 at [0,1]";
            assertEquals("layer table: " + gather, compiled.getMessage());
            assertEquals("layer table: " + gather, eager.getMessage());
            assertArrayEquals(before, table(net));
        }
    }

    @Test
    void anEmptyBatchOfIndicesMovesTheRowsByMomentumAlone() {
        UpdateRule rule = new UpdateRule(new Sgd(0.5), 0.05);
        try (Block eager = bag(false, false);
                Block compiled = bag(false, false);
                Trainer trainer = new Trainer(eager.parameters(), rule);
                TrainStep step = new TrainStep(compiled, new L2(), rule)) {
            NDArray x = indices(new Random(5), 16, DType.INT32);
            trained(eager, trainer, x, labels(16));
            step.run(x, labels(16));
            NDArray none = NDArray.zeros(Shape.of(0, 3), DType.INT32);
            trained(eager, trainer, none, labels(0));
            step.run(none, labels(0));
            assertArrayEquals(table(eager), table(compiled));
        }
    }

    @Test
    void aTableThatKeepsItsGradientByRowsIsUpdatedLazilyAsByTheTrainer() {
        for (double norm : new double[] {Double.POSITIVE_INFINITY, 0.1}) {
            for (boolean twice : new boolean[] {false, true}) {
                UpdateRule rule = new UpdateRule(new Adam(), 0.01).withClipNorm(norm);
                Random random = new Random(6);
                try (Block eager = bag(twice, true);
                        Block compiled = bag(twice, true);
                        Trainer trainer = new Trainer(eager.parameters(), rule);
                        TrainStep step = new TrainStep(compiled, new L2(), rule)) {
                    for (int i = 0; i < 10; i++) {
                        NDArray x = indices(random, 16, DType.INT32);
                        double expected = trained(eager, trainer, x, labels(16));
                        assertEquals(expected, step.run(x, labels(16)), 1e-5 * expected, "loss of step " + i);
                    }
                    assertArrayEquals(table(eager), table(compiled), 1e-5f);
                }
            }
        }
    }

    @Test
    void aListenerHearsOfTheDenseGradient() {
        try (Block net = bag(false, false);
                TrainStep step = new TrainStep(net, new L2(), new UpdateRule(new Sgd(0.9), 0.05))) {
            NDArray x = NDArray.of(Shape.of(2, 3), 7, 7, 9, 9, 9, 9);
            boolean[] heard = new boolean[1];
            step.run(
                    (name, gradient) -> {
                        if (name.equals(TABLE)) {
                            heard[0] = true;
                            assertEquals(Shape.of(ROWS, WIDTH), gradient.shape());
                            assertEquals(2L * WIDTH, (long)
                                    gradient.ne(0).cast(DType.FLOAT32).sum().item());
                        }
                    },
                    x,
                    labels(2));
            assertTrue(heard[0]);
        }
    }
}
