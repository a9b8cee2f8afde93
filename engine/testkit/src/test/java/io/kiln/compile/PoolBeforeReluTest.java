package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Lambda;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.Activation;
import io.kiln.op.nn.MaxPool;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Max pooling comes before ReLU. */
class PoolBeforeReluTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static final Spec IMAGE = new Spec(Shape.of(2, 1, 8, 8), DType.FLOAT32);
    private static final MaxPool POOL = new MaxPool(List.of(2L, 2L), List.of(2L, 2L), List.of(0L, 0L));

    private static Program turned(Block block) {
        Program before = Programs.of(block, true, IMAGE);
        Program after = Programs.run(new PoolBeforeRelu(), before);
        Programs.assertSame("turned", before, after);
        Programs.assertSame("turned, gradients", Programs.differentiated(before), Programs.differentiated(after));
        return after;
    }

    @Test
    void ofAConvolutionThatNobodyElseUses() {
        Program p = turned(new Sequential(
                Conv2D.builder()
                        .channels(3)
                        .kernel(3)
                        .activation(Activation.RELU)
                        .build(),
                Pool.max2D(2)));
        assertEquals(List.of("convolution", "maxPool", "relu"), Programs.operators(p));
        assertTrue(p.graph().nodes().get(0).operator().toString().contains("NONE"));
    }

    @Test
    void ofAReluByItself() {
        Program p = turned(new Sequential(new Lambda(NDArray::relu), Pool.max2D(2)));
        assertEquals(List.of("maxPool", "relu"), Programs.operators(p));
    }

    @Test
    void notWhereSomebodyElseUsesTheRelu() {
        Program p = turned(new Lambda(x -> {
            NDArray y = x.relu();
            return Dispatch.run(POOL, y)[0].add(y.sum());
        }));
        assertEquals(List.of("relu", "maxPool", "sum", "add"), Programs.operators(p));
    }

    @Test
    void notWhereThePlacesOfTheMaximaAreUsed() {
        Program p = turned(new Lambda(x -> {
            NDArray[] y = Dispatch.run(POOL, x.relu());
            return y[0].add(y[1].cast(DType.FLOAT32));
        }));
        assertEquals("relu", Programs.operators(p).get(0));
    }

    @Test
    void notBehindAveragesOrOtherFunctions() {
        Program average = turned(new Sequential(new Lambda(NDArray::relu), Pool.average2D(2)));
        assertEquals("relu", Programs.operators(average).get(0));
        Program tanh = turned(new Sequential(new Lambda(NDArray::tanh), Pool.max2D(2)));
        assertEquals("tanh", Programs.operators(tanh).get(0));
    }
}
