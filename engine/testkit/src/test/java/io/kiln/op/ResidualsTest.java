package io.kiln.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.compile.CompileOptions;
import io.kiln.compile.Executable;
import io.kiln.compile.GraphCompiler;
import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.internal.FromResiduals;
import io.kiln.op.internal.Keeping;
import io.kiln.op.internal.LstmGradient;
import io.kiln.op.nn.DropoutOp;
import io.kiln.op.recurrent.GruOp;
import io.kiln.op.recurrent.LstmOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a forward kernel keeps for that of the gradient changes what is computed twice, and no bit of a result. */
class ResidualsTest {
    private static final LstmOp LSTM = new LstmOp(false, false, false, false);
    private static final Shape[] SHAPES = {
        Shape.of(3, 2, 5), Shape.of(16, 5), Shape.of(16, 4), Shape.of(16), Shape.of(16)
    };

    private final NDArray[] inputs = new NDArray[SHAPES.length];

    @BeforeEach
    void inputs() {
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = NDArray.arange(0, SHAPES[i].size(), 1, DType.FLOAT32)
                    .mul(1.7 + i)
                    .sin()
                    .mul(0.6)
                    .reshape(SHAPES[i]);
        }
    }

    private static Spec[] specs(NDArray... arrays) {
        return Arrays.stream(arrays).map(NDArray::spec).toArray(Spec[]::new);
    }

    private Keeping keeping() {
        Backend backend = Backends.current();
        Operator operator = Keeping.of(backend, LSTM, specs(inputs));
        assumeTrue(operator instanceof Keeping, backend.device() + " keeps nothing of an LSTM");
        return (Keeping) operator;
    }

    @Test
    void theOutputsAreThoseOfTheOperator() {
        Keeping keeping = keeping();
        NDArray[] expected = Dispatch.run(LSTM, inputs);
        NDArray[] all = Dispatch.run(keeping, inputs);
        NDArray[] own = keeping.own(all);
        assertEquals(expected.length + keeping.residuals().size(), all.length);
        assertEquals(expected.length, own.length);
        for (int i = 0; i < own.length; i++) {
            assertArrayEquals(expected[i].toFloatArray(), own[i].toFloatArray(), "output " + i);
        }
        assertEquals("lstm", keeping.name());
    }

    /** The kernel of the gradient without residuals gives the expected bits. */
    @Test
    void gradientsAreThoseWithoutResiduals() {
        NDArray[] expected = gradients(Dispatch.run(LSTM, inputs));
        Arrays.stream(inputs).forEach(Autograd::attachGradient);
        NDArray loss;
        try (Autograd.Mode record = Autograd.record()) {
            NDArray[] outputs = Dispatch.run(LSTM, inputs);
            assertEquals(3, outputs.length);
            loss = outputs[0].sum();
        }
        Autograd.backward(loss);
        for (int i = 0; i < 4; i++) {
            assertArrayEquals(
                    expected[i].toFloatArray(), Autograd.gradient(inputs[i]).toFloatArray(), "input " + i);
        }
    }

    @Test
    void compiledStepsGiveThemToo() {
        NDArray[] expected = gradients(Dispatch.run(LSTM, inputs));
        Graph graph;
        try (GraphBuilder builder = GraphBuilder.open()) {
            NDArray[] traced = new NDArray[inputs.length];
            for (int i = 0; i < traced.length; i++) {
                traced[i] = builder.input("x" + i, inputs[i].spec());
            }
            graph = builder.build(Dispatch.run(LSTM, traced)[0]);
        }
        GraphCompiler compiler = new GraphCompiler(Backends.current(), new CompileOptions());
        try (Executable step = compiler.differentiable(
                        graph, Map.of(), true, Set.of("x0", "x1", "x2", "x3", "x4"), specs(inputs));
                Executable.Call call = step.begin(new NDArray[0], inputs)) {
            NDArray[] results = call.backward(given(call.outputs())[0]);
            for (int i = 0; i < 4; i++) {
                NDArray gradient = results[step.program().gradients().indexOf("x" + i)];
                assertArrayEquals(expected[i].toFloatArray(), gradient.toFloatArray(), "input " + i);
            }
        }
    }

    /** Otherwise the test above would hold of a kernel that ignores what is kept. */
    @Test
    void theKernelOfTheGradientUsesThem() {
        Keeping keeping = keeping();
        NDArray[] all = Dispatch.run(keeping, inputs);
        NDArray[] given = given(keeping.own(all));
        int n = keeping.residuals().size();
        NDArray[] with = Arrays.copyOf(given, given.length + n);
        for (int i = 0; i < n; i++) {
            with[given.length + i] = Creation.zerosLike(all[all.length - n + i]);
        }
        LstmGradient gradient = new LstmGradient(false, false, false, false, false, true);
        NDArray[] wrong = Dispatch.run(new FromResiduals(gradient, n), with);
        NDArray[] right = Dispatch.run(gradient, given);
        assertNotEquals(List.of(wrong[0].sum().item()), List.of(right[0].sum().item()));
    }

    /** Those of the final states alone come from other kernels on some devices, and from what these keep. */
    @Test
    void gradientsOfTheFinalStatesAreThoseOfAllSteps() {
        for (boolean reverse : new boolean[] {false, true}) {
            NDArray[] whole = gradients(new LstmOp(reverse, false, false, false), inputs);
            assertClose(whole, gradients(new LstmOp(reverse, false, false, false, false), inputs));
            NDArray[] gru = inputs.clone();
            for (int i = 1; i < gru.length; i++) {
                gru[i] = inputs[i].slice(0, 0, 12).copy();
            }
            assertClose(
                    gradients(new GruOp(reverse, false, false), gru),
                    gradients(new GruOp(reverse, false, false, true, false), gru));
        }
    }

    private static void assertClose(NDArray[] expected, NDArray[] got) {
        assertEquals(expected.length, got.length);
        for (int i = 0; i < expected.length; i++) {
            assertArrayEquals(expected[i].toFloatArray(), got[i].toFloatArray(), 1e-5f, "array " + i);
        }
    }

    /** The first output and the final state of the second, if it has one of states, and gradients of both. */
    private static NDArray[] gradients(Operator operator, NDArray... given) {
        NDArray[] in = Arrays.stream(given).map(NDArray::copy).toArray(NDArray[]::new);
        Arrays.stream(in).forEach(Autograd::attachGradient);
        List<NDArray> all = new ArrayList<>();
        NDArray loss;
        try (Autograd.Mode record = Autograd.record()) {
            NDArray[] outputs = Dispatch.run(operator, in);
            all.add(outputs[0]);
            loss = outputs[0].mul(outputs[0]).sum();
            if (operator instanceof LstmOp lstm) {
                NDArray cell = lstm.allSteps()
                        ? (lstm.reverse() ? outputs[1].slice(0, 0, 1) : outputs[1].slice(0, -1, Long.MAX_VALUE))
                                .squeeze(0)
                        : outputs[1];
                all.add(cell);
                loss = loss.add(cell.mul(cell).sum());
            }
        }
        Autograd.backward(loss);
        Arrays.stream(in).map(Autograd::gradient).forEach(all::add);
        return all.toArray(NDArray[]::new);
    }

    @Test
    void nothingIsKeptWhereTheKernelDeclines() {
        NDArray[] wide = Arrays.stream(inputs).map(x -> x.cast(DType.FLOAT64)).toArray(NDArray[]::new);
        assertEquals(LSTM, Keeping.of(Backends.current(), LSTM, specs(wide)));
        assertFalse(Keeping.of(Backends.current(), new DropoutOp(0.5), specs(inputs[0])) instanceof Keeping);
    }

    @Test
    void anOperatorThatDrawsCannotKeepAnything() {
        List<Spec> residual = List.of(inputs[0].spec());
        assertThrows(IllegalArgumentException.class, () -> new Keeping(new DropoutOp(0.5), residual));
    }

    private NDArray[] given(NDArray... outputs) {
        NDArray[] given = new NDArray[1 + inputs.length + outputs.length];
        given[0] = outputs[0].factory().ones(outputs[0].shape(), DType.FLOAT32);
        System.arraycopy(inputs, 0, given, 1, inputs.length);
        System.arraycopy(outputs, 0, given, 1 + inputs.length, outputs.length);
        return given;
    }

    private NDArray[] gradients(NDArray... outputs) {
        return Dispatch.run(new LstmGradient(false, false, false, false, false, true), given(outputs));
    }
}
