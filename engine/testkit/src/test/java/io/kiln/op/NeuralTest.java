package io.kiln.op;

import static io.kiln.ValueFaults.raised;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.Neural;
import io.kiln.op.random.RandomGenerator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NeuralTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void softmaxCrossEntropyFallsAlongItsGradient() {
        NDArray x = Autograd.attachGradient(NDArray.of(Shape.of(2, 3), 1f, 2f, 3f, 0f, 0f, 0f));
        NDArray label = NDArray.of(Shape.of(2), 2, 0);
        NDArray loss;
        try (Autograd.Mode record = Autograd.record()) {
            loss = Neural.softmaxCrossEntropy(x, label);
        }
        assertEquals(Math.log(Math.exp(-2) + Math.exp(-1) + 1), loss.get(0), 1e-6);
        assertEquals(Math.log(3), loss.get(1), 1e-6);
        Autograd.backward(loss);
        double z = Math.exp(-2) + Math.exp(-1) + 1;
        assertArrayEquals(
                new float[] {
                    (float) (Math.exp(-2) / z), (float) (Math.exp(-1) / z), (float) (1 / z - 1), -2 / 3f, 1 / 3f, 1 / 3f
                },
                Autograd.gradient(x).toFloatArray(),
                1e-6f);
    }

    @Test
    void labelsOutsideTheClassesAreRefused() {
        NDArray x = NDArray.zeros(Shape.of(2, 3), DType.FLOAT32);
        for (long bad : new long[] {-1, 3}) {
            NDArray label = NDArray.of(Shape.of(2), 0L, bad);
            RuntimeException e = raised(RuntimeException.class, () -> Neural.softmaxCrossEntropy(x, label));
            assertTrue(e.getMessage().contains(Long.toString(bad)), e.getMessage());
        }
    }

    @Test
    void batchNormUsesTheBatchWhenTrainingAndTheRunningStatisticsOtherwise() {
        NDArray x = NDArray.of(Shape.of(4, 1), 1f, 2f, 3f, 6f);
        NDArray one = NDArray.of(1f);
        NDArray zero = NDArray.of(0f);
        BatchNormOp op = new BatchNormOp(0, 0.9);
        NDArray[] train;
        try (Autograd.Mode mode = Autograd.trainMode()) {
            train = Neural.batchNorm(op, x, one, zero, zero, one);
        }
        float s = (float) (1 / Math.sqrt(3.5));
        assertArrayEquals(new float[] {-2 * s, -s, 0, 3 * s}, train[0].toFloatArray(), 1e-6f);
        assertEquals(0.3, train[1].item(), 1e-6);
        assertEquals(0.9 + 0.1 * 14 / 3, train[2].item(), 1e-6);
        NDArray[] predict = Neural.batchNorm(op, x, one, zero, zero, one);
        assertArrayEquals(x.toFloatArray(), predict[0].toFloatArray(), 1e-6f);
        assertEquals(1, predict[2].item());
    }

    @Test
    void dropoutDropsOnlyWhenTrainingAndKeepsTheMean() {
        NDArray x = NDArray.ones(Shape.of(100, 100), DType.FLOAT32);
        assertArrayEquals(x.toFloatArray(), Neural.dropout(x, 0.4).toFloatArray());
        RandomGenerator.seed(3);
        try (Autograd.Mode mode = Autograd.trainMode()) {
            NDArray y = Neural.dropout(x, 0.4);
            assertEquals(1, y.mean().item(), 0.03);
            assertEquals(0.6, y.ne(0).cast(DType.FLOAT32).mean().item(), 0.02);
        }
        assertThrows(IllegalArgumentException.class, () -> Neural.dropout(x, 1));
    }

    @Test
    void mistakesNameOperatorArgumentExpectedAndGot() {
        NDArray x = NDArray.zeros(Shape.of(2, 3), DType.FLOAT32);
        NDArray w = NDArray.zeros(Shape.of(4, 5), DType.FLOAT32);
        assertEquals(
                "linear: inner sizes differ: w[4,5] needs x[…,5], got x[2,3]",
                assertThrows(ShapeException.class, () -> Neural.linear(x, w, null))
                        .getMessage());
        NDArray image = NDArray.zeros(Shape.of(1, 2, 4, 4), DType.FLOAT32);
        NDArray kernel = NDArray.zeros(Shape.of(1, 3, 3, 3), DType.FLOAT32);
        String m = assertThrows(ShapeException.class, () -> Neural.convolution(image, kernel, null, 1, 0))
                .getMessage();
        assertTrue(m.contains("x[1,2,4,4] has 2") && m.contains("w[1,3,3,3] needs 3"), m);
        m = assertThrows(
                        ShapeException.class,
                        () -> Neural.maxPool(image, List.of(5L, 5L), List.of(1L, 1L), List.of(0L, 0L)))
                .getMessage();
        assertTrue(m.contains("window of 5"), m);
    }
}
