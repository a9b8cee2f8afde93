package io.kiln.symbol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.autograd.GradReq;
import io.kiln.compile.CompileOptions;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.StopGradient;
import io.kiln.op.activation.Activation;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.Neural;
import io.kiln.op.nn.SoftmaxCrossEntropyOp;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ExecutorTest {
    private static final Map<String, Shape> SHAPES = Map.of("data", Shape.of(5, 4), "label", Shape.of(5));

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(3);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Symbol loss() {
        Symbol h = Symbol.op("linear")
                .named("fc1")
                .set("units", 6)
                .set("activation", "tanh")
                .of(Symbol.variable("data"));
        Symbol y = Symbol.op("linear").named("fc2").set("units", 3).of(h);
        return Symbol.op(new SoftmaxCrossEntropyOp()).named("loss").of(y, Symbol.variable("label"));
    }

    private static NDArray normal(long... dims) {
        return RandomOps.normal(Shape.of(dims), 0, 1, DType.FLOAT32);
    }

    @Test
    void forwardAndBackwardEqualTheSameCallsOnArrays() {
        Executor run = loss().simpleBind(SHAPES, GradReq.WRITE);
        NDArray x = normal(5, 4);
        NDArray label = NDArray.of(0f, 1f, 2f, 1f, 0f);
        NDArray got = run.forward(true, Map.of("data", x, "label", label)).get(0);
        NDArray weights = NDArray.of(1f, 2f, 3f, -1f, 0.5f);
        run.backward(weights);

        Map<String, NDArray> v = new LinkedHashMap<>();
        run.arguments().forEach((n, a) -> v.put(n, Autograd.attachGradient(a.copy())));
        NDArray expected;
        try (Autograd.Mode record = Autograd.record()) {
            NDArray h = Neural.linear(v.get("data"), v.get("fc1_weight"), v.get("fc1_bias"), Activation.TANH);
            NDArray y = Neural.linear(h, v.get("fc2_weight"), v.get("fc2_bias"), Activation.NONE);
            expected = Neural.softmaxCrossEntropy(y, v.get("label"));
        }
        Autograd.backward(List.of(expected), List.of(weights), false, a -> {});
        assertArrayEquals(expected.toFloatArray(), got.toFloatArray());
        for (String name : List.of("data", "fc1_weight", "fc1_bias", "fc2_weight", "fc2_bias")) {
            assertArrayEquals(
                    Autograd.gradient(v.get(name)).toFloatArray(),
                    run.gradients().get(name).toFloatArray(),
                    name);
        }
        assertEquals(List.of("loss_output"), List.copyOf(run.outputs().keySet()));
    }

    @Test
    void gradientsAreWrittenAddedOrLeftOutAsAsked() {
        Symbol y = Symbol.variable("a").mul(Symbol.variable("b")).mul(Symbol.variable("c"));
        Map<String, NDArray> arrays = Map.of("a", NDArray.of(2f), "b", NDArray.of(3f), "c", NDArray.of(5f));
        Executor run = y.bind(arrays, Map.of(), Map.of("a", GradReq.WRITE, "b", GradReq.ADD, "c", GradReq.NULL));
        for (int i = 1; i <= 3; i++) {
            run.forward(true);
            run.backward();
            assertEquals(15, run.gradients().get("a").item());
            assertEquals(i * 10, run.gradients().get("b").item());
        }
        assertEquals(List.of("a", "b"), List.copyOf(run.gradients().keySet()));
        assertNull(arrays.get("a").gradientState(), "the caller's array is no variable of autograd");
    }

    @Test
    void auxiliaryStatesMoveInTrainModeOnly() {
        Symbol y = Symbol.op(new BatchNormOp(1e-5, 0.5)).named("bn").of(Symbol.variable("data"));
        Executor run = y.simpleBind(Map.of("data", Shape.of(3, 2)), GradReq.WRITE);
        run.arguments().get("data").assign(1f, 2f, 3f, 4f, 5f, 6f);
        run.forward(false);
        assertArrayEquals(
                new float[] {0, 0}, run.auxiliaryStates().get("bn_running_mean").toFloatArray());
        assertEquals(1, run.forward(false).get(0).get(0, 0), 1e-4);
        run.forward(true);
        run.backward();
        assertArrayEquals(
                new float[] {1.5f, 2},
                run.auxiliaryStates().get("bn_running_mean").toFloatArray(),
                1e-6f);
        assertEquals(3, run.gradients().get("bn_beta").get(0), 1e-6);
    }

    @Test
    void parametersBeginAsTheirInitializersSay() {
        Executor run = loss().simpleBind(SHAPES, GradReq.NULL);
        assertNotEquals(0, run.arguments().get("fc1_weight").get(0, 0));
        assertArrayEquals(new float[6], run.arguments().get("fc1_bias").toFloatArray());
        assertThrows(IllegalStateException.class, run::outputs);
        run.forward(true);
        assertThrows(IllegalStateException.class, run::backward);
    }

    @Test
    void missingAndUnfittingArraysAreNamed() {
        Symbol y = Symbol.op("linear").named("fc").set("units", 3).of(Symbol.variable("data"));
        String m = assertThrows(
                        IllegalArgumentException.class,
                        () -> y.bind(Map.of("data", normal(2, 2), "w", normal(3, 2)), Map.of(), Map.of()))
                .getMessage();
        assertTrue(m.contains("missing [fc_weight, fc_bias], unknown [w]"), m);
        Map<String, NDArray> wrong = Map.of("data", normal(2, 2), "fc_weight", normal(3, 4), "fc_bias", normal(3));
        m = assertThrows(IllegalArgumentException.class, () -> y.bind(wrong, Map.of(), Map.of()))
                .getMessage();
        assertTrue(m.contains("in node fc") && m.contains("[3,4]") && m.contains("[2,2]"), m);
        Executor run = y.simpleBind(Map.of("data", Shape.of(2, 2)), GradReq.NULL);
        m = assertThrows(IllegalArgumentException.class, () -> run.forward(false, Map.of("data", normal(3, 2))))
                .getMessage();
        assertTrue(m.contains("data float32[3,2]") && m.contains("float32[2,2]"), m);
    }

    @Test
    void anInputOnNoPathToTheOutputsHasTheGradientZero() {
        Symbol y = Symbol.group(Symbol.variable("a").mul(2), Symbol.of(new StopGradient(), Symbol.variable("b")));
        Executor run = y.bind(
                Map.of("a", NDArray.of(1f), "b", NDArray.of(2f)),
                Map.of(),
                Map.of("a", GradReq.WRITE, "b", GradReq.WRITE));
        run.forward(true);
        run.forward(true); // the pass before is given up
        run.backward();
        assertEquals(2, run.gradients().get("a").item());
        assertEquals(0, run.gradients().get("b").item());
        assertThrows(IllegalStateException.class, run::backward);
        run.forward(true);
        assertThrows(ShapeException.class, () -> run.backward(normal(2), null));
        run.backward(NDArray.of(3f), null);
        assertEquals(6, run.gradients().get("a").item());
        run.close();
        assertThrows(IllegalStateException.class, () -> run.forward(true));
    }

    @Test
    void aBoundOnMemoryChangesNoBit() {
        Symbol y = Symbol.variable("data");
        for (int i = 0; i < 6; i++) {
            y = Symbol.op("linear").named("fc" + i).set("units", 16).of(y).tanh();
        }
        Symbol net = y;
        Map<String, NDArray> arrays = new LinkedHashMap<>();
        net.inferShape(Map.of("data", Shape.of(64, 16)))
                .arguments()
                .forEach((n, known) ->
                        arrays.put(n, normal(known.shape().orElseThrow().dims())));
        Map<String, GradReq> all = new LinkedHashMap<>();
        arrays.keySet().forEach(n -> all.put(n, GradReq.WRITE));
        try (Executor plain = net.bind(arrays, Map.of(), all);
                Executor bounded =
                        net.bind(arrays, Map.of(), all, new CompileOptions().withMemoryBudget(5 * 64 * 16 * 4))) {
            plain.forward(true);
            plain.backward();
            bounded.forward(true);
            bounded.backward();
            plain.gradients()
                    .forEach((n, g) -> assertArrayEquals(
                            g.toFloatArray(), bounded.gradients().get(n).toFloatArray(), n));
        }
    }
}
