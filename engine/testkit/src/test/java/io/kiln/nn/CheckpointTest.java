package io.kiln.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Allocator;
import io.kiln.backend.Backends;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.activation.Activation;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CheckpointTest {
    private static final int STAGES = 6;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(0);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Block stage() {
        return new Sequential(
                new Dense(32, Activation.TANH),
                new BatchNorm(),
                new Dropout(0.3),
                new Dense(32, Activation.RELU),
                new Lambda(x -> x.square().mul(0.1).add(x)),
                new Dense(32));
    }

    private static Sequential network(UnaryOperator<Block> wrap) {
        Block[] stages = new Block[STAGES];
        for (int i = 0; i < STAGES; i++) {
            stages[i] = wrap.apply(stage());
        }
        Sequential net = new Sequential(stages);
        net.inferShapes(Shape.of(Shape.UNKNOWN, 32));
        return net;
    }

    private static Map<String, float[]> step(Block net, NDArray input) {
        Map<String, float[]> results = new LinkedHashMap<>();
        try (Scope step = Scope.open()) {
            RandomGenerator.seed(8);
            NDArray x = Autograd.attachGradient(input.copy());
            NDArray loss;
            try (Autograd.Mode record = Autograd.record()) {
                loss = net.forward(x).square().mean();
            }
            results.put("loss", loss.toFloatArray());
            Autograd.backward(loss);
            results.put("input", Autograd.gradient(x).toFloatArray());
            net.parameters().forEach((n, p) -> {
                String name = n.replace("block.", "");
                results.put(name, p.value().toFloatArray());
                if (p.gradient() != null) {
                    results.put("gradient of " + name, p.gradient().toFloatArray());
                }
            });
            results.put("random", new float[] {RandomGenerator.state().draws()});
        }
        return results;
    }

    private static NDArray batch(int rows) {
        return RandomOps.normal(Shape.of(rows, 32), 0, 1, DType.FLOAT32);
    }

    @Test
    void outputsGradientsAndRunningStatisticsAreThoseOfTheBlockAlone() {
        Sequential plain = network(b -> b);
        Sequential saving = network(Checkpoint::new);
        plain.initialize(3);
        Map<String, Parameter> targets = saving.parameters();
        plain.parameters()
                .forEach((n, p) -> targets.get(n.replaceFirst("\\.", ".block.")).set(p.value()));
        NDArray x = batch(40);
        for (int i = 0; i < 2; i++) {
            Map<String, float[]> expected = step(plain, x);
            Map<String, float[]> got = step(saving, x);
            assertEquals(expected.keySet(), got.keySet());
            expected.forEach((n, v) -> assertArrayEquals(v, got.get(n), n));
        }
    }

    @Test
    void theBackwardPassNeedsLessThanHalfTheMemory() {
        NDArray x = batch(2000);
        long plain = peak(network(b -> b), x);
        long saving = peak(network(Checkpoint::new), x);
        assertTrue(2 * saving < plain, "with checkpoints " + saving + " bytes at most, without " + plain);
    }

    private static long peak(Block net, NDArray x) {
        net.initialize(3);
        step(net, x);
        Allocator memory = Backends.current().allocator();
        memory.resetPeak();
        long before = memory.liveBytes();
        step(net, x);
        return memory.peakBytes() - before;
    }

    @Test
    void aBlockUsedTwiceAndInsideAnotherCheckpointGetsBothGradients() {
        Dense shared = new Dense(32, Activation.TANH);
        Block plain = new Lambda(x -> shared.forward(shared.forward(shared.forward(x))));
        Block inner = new Checkpoint(shared);
        Block saving = new Sequential(inner, new Checkpoint(new Sequential(shared, inner)));
        NDArray x = batch(3);
        shared.forward(x);
        float[][] expected = gradients(plain, shared, x);
        float[][] got = gradients(saving, shared, x);
        assertArrayEquals(expected[0], got[0], 1e-6f);
        assertArrayEquals(expected[1], got[1], 1e-6f);
    }

    private static float[][] gradients(Block net, Dense shared, NDArray input) {
        NDArray x = Autograd.attachGradient(input.copy());
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = net.forward(x);
        }
        Autograd.backward(y);
        return new float[][] {
            Autograd.gradient(x).toFloatArray(),
            shared.parameters().get("weight").gradient().toFloatArray()
        };
    }

    @Test
    void shapesMayBeStatedByTheFirstPassAndTracingSeesTheBlockAlone() {
        Block net = new Checkpoint(new Dense(2));
        NDArray x = batch(3);
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = net.forward(x);
        }
        Autograd.backward(y);
        assertEquals(
                Shape.of(2, 32), net.parameters().get("block.weight").gradient().shape());
        GraphBlock traced = net.toGraphBlock(new Spec(Shape.of(Shape.UNKNOWN, 32), DType.FLOAT32));
        assertArrayEquals(y.toFloatArray(), traced.forward(x).toFloatArray());
        net.hybridize();
        assertArrayEquals(y.toFloatArray(), net.call(x).toFloatArray(), 1e-6f);
    }

    /** The norm of the input's gradient as part of a loss, as in gradient penalties. */
    private static Map<String, float[]> penalty(Block net, NDArray input) {
        Map<String, float[]> results = new LinkedHashMap<>();
        try (Scope step = Scope.open()) {
            RandomGenerator.seed(8);
            NDArray x = Autograd.attachGradient(input.copy());
            NDArray loss;
            try (Autograd.Mode record = Autograd.record()) {
                NDArray g = Autograd.grad(net.forward(x.square()).square().sum(), x, true);
                loss = g.square().mean();
            }
            Autograd.backward(loss);
            results.put("loss", loss.toFloatArray());
            results.put("input", Autograd.gradient(x).toFloatArray());
            net.parameters().forEach((n, p) -> {
                if (p.isTrained()) {
                    results.put(n.replace("block.", ""), p.gradient().toFloatArray());
                }
            });
        }
        return results;
    }

    @Test
    void secondDerivativesAreThoseOfTheBlockAlone() {
        Sequential plain = new Sequential(new Dense(32, Activation.TANH), new Dropout(0.3), new Dense(4));
        plain.initialize(3);
        plain.forward(batch(2));
        Block saving = new Checkpoint(
                new Sequential(new Dense(32, Activation.TANH), new Checkpoint(new Dropout(0.3)), new Dense(4)));
        saving.initialize(3);
        saving.forward(batch(2));
        plain.parameters()
                .forEach((n, p) -> saving.parameters().get("block." + n).set(p.value()));
        NDArray x = batch(6);
        Map<String, float[]> expected = penalty(plain, x);
        Map<String, float[]> got = penalty(saving, x);
        assertEquals(expected.keySet(), got.keySet());
        expected.forEach((n, v) -> assertArrayEquals(v, got.get(n), 1e-5f, n));
    }
}
