package io.kiln.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.DType;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ElementwiseTest {

    private final Arena arena = new Arena();

    @BeforeEach
    void twoThreads() {
        EngineThreads.set(2);
    }

    @AfterEach
    void free() {
        arena.close();
    }

    @Test
    void activationsEqualTheirFormulasAndDifferenceQuotients() {
        check(Activation.RELU, 0, 0, x -> Math.max(0, x));
        check(Activation.RELU, 0.1f, 0, x -> x > 0 ? x : 0.1 * x);
        check(Activation.TANH, 0, 0, Math::tanh);
        check(Activation.ELU, 0.7f, 0, x -> x > 0 ? x : 0.7 * Math.expm1(x));
        check(Activation.LOGISTIC, 0, 0, ElementwiseTest::logistic);
        check(Activation.EXP, 0, 0, Math::exp);
        check(Activation.SWISH, 1f, 0, x -> x * logistic(x));
        check(
                Activation.GELU_TANH,
                0,
                0,
                x -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))));
    }

    private static double logistic(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private void check(Activation function, float alpha, float beta, DoubleUnaryOperator expected) {
        for (long[] dims : new long[][] {{1}, {17}, {5, 33}, {2, 3, 4, 5}}) {
            Tensor src = arena.random(dims);
            Tensor dst = arena.random(dims);
            Tensor diffDst = arena.random(dims);
            Tensor diffSrc = arena.random(dims);
            assertTrue(Elementwise.forward(function, alpha, beta, src, dst));
            assertTrue(Elementwise.backward(function, alpha, beta, src, diffDst, diffSrc));
            Arena.each(dims, i -> {
                double x = Arena.get(src, i);
                double slope = (expected.applyAsDouble(x + 1e-6) - expected.applyAsDouble(x - 1e-6)) / 2e-6;
                assertEquals(expected.applyAsDouble(x), Arena.get(dst, i), 1e-4, function::toString);
                assertEquals(slope * Arena.get(diffDst, i), Arena.get(diffSrc, i), 1e-3, function::toString);
            });
        }
    }

    @Test
    void reorderTransposesAndCastsThereAndBack() {
        Tensor src = arena.random(3, 5, 7);
        Tensor turned = Arena.swapLast(arena.random(3, 7, 5));
        assertTrue(Reorder.run(src, turned));
        Arena.each(src.dims(), i -> assertEquals(Arena.get(src, i), Arena.get(turned, i)));
        for (DType dtype : new DType[] {DType.FLOAT16, DType.BFLOAT16}) {
            Tensor narrow = arena.empty(dtype, 3, 5, 7);
            Tensor back = arena.random(3, 5, 7);
            assertTrue(Reorder.run(src, narrow));
            assertTrue(Reorder.run(narrow, back));
            double tolerance = dtype == DType.FLOAT16 ? 1.0 / 1024 : 1.0 / 128;
            Arena.each(src.dims(), i -> assertEquals(Arena.get(src, i), Arena.get(back, i), tolerance));
        }
    }

    @Test
    void reductionJoinsTheAxesOfSizeOne() {
        Tensor src = arena.random(4, 6, 5);
        Tensor sum = arena.random(4, 1, 5);
        Tensor largest = arena.random(1, 6, 1);
        assertTrue(Reduction.run(Reduction.Kind.SUM, src, sum));
        assertTrue(Reduction.run(Reduction.Kind.MAX, src, largest));
        Arena.each(sum.dims(), i -> {
            double expected = 0;
            for (long j = 0; j < 6; j++) {
                expected += Arena.get(src, i[0], j, i[2]);
            }
            assertEquals(expected, Arena.get(sum, i), 1e-5);
        });
        Arena.each(largest.dims(), i -> {
            double[] expected = {Double.NEGATIVE_INFINITY};
            Arena.each(new long[] {4, 5}, j -> expected[0] = Math.max(expected[0], Arena.get(src, j[0], i[1], j[1])));
            assertEquals(expected[0], Arena.get(largest, i));
        });
    }
}
