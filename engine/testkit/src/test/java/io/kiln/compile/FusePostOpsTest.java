package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backends;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Lambda;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Activations join the product or convolution before them. */
class FusePostOpsTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Program fused(Block block, Spec input) {
        Program before = Programs.of(block, false, input);
        Program after =
                Programs.run(new DeadNodes(), Programs.run(new FusePostOps(Target.of(Backends.current())), before));
        Programs.assertSame("fused", before, after);
        return after;
    }

    private static String only(Program p) {
        assertEquals(1, p.graph().nodes().size(), () -> Programs.operators(p).toString());
        return p.graph().nodes().get(0).operator().toString();
    }

    @Test
    void reluSigmoidAndTanhJoinALinearMap() {
        assertTrue(only(fused(new Sequential(new Dense(4), new Lambda(NDArray::relu)), Programs.MATRIX))
                .contains("RELU"));
        assertTrue(only(fused(new Sequential(new Dense(4), new Lambda(NDArray::sigmoid)), Programs.MATRIX))
                .contains("SIGMOID"));
        assertTrue(only(fused(new Sequential(new Dense(4), new Lambda(NDArray::tanh)), Programs.MATRIX))
                .contains("TANH"));
    }

    @Test
    void reluJoinsAConvolution() {
        Block net = new Sequential(Conv2D.builder().channels(3).kernel(3).build(), new Lambda(NDArray::relu));
        assertTrue(
                only(fused(net, new Spec(Shape.of(2, 1, 8, 8), DType.FLOAT32))).contains("RELU"));
    }

    @Test
    void aResultThatOthersUseKeepsItsOwnValue() {
        Dense dense = new Dense(4);
        Block net = new Sequential(dense, new Lambda(y -> y.relu().add(y)));
        assertEquals(List.of("linear", "relu", "add"), Programs.operators(fused(net, Programs.MATRIX)));
    }

    @Test
    void aMapWithAnActivationTakesNoSecondOne() {
        Block net = new Sequential(new Dense(4, Activation.TANH), new Lambda(NDArray::relu));
        assertEquals(List.of("linear", "relu"), Programs.operators(fused(net, Programs.MATRIX)));
    }

    @Test
    void otherFunctionsStayApart() {
        Block net = new Sequential(new Dense(4), new Lambda(NDArray::exp));
        assertEquals(List.of("linear", "exp"), Programs.operators(fused(net, Programs.MATRIX)));
    }
}
