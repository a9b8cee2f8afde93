package io.kiln.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Memory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("core")
@Tag("onednn")
class MatMulTest {

    private final Arena arena = new Arena();

    @BeforeEach
    void twoThreads() {
        EngineThreads.set(2);
    }

    @AfterEach
    void free() {
        arena.close();
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,5,4", "8,8,8", "13,1,7", "1,17,33", "65,129,31", "128,200,10"})
    void equalsTheTripleLoopForAnyOrderOfAxes(long m, long k, long n) {
        for (int variant = 0; variant < 8; variant++) {
            Tensor a = (variant & 1) == 0 ? arena.random(m, k) : Arena.swapLast(arena.random(k, m));
            Tensor b = (variant & 2) == 0 ? arena.random(k, n) : Arena.swapLast(arena.random(n, k));
            Tensor c = (variant & 4) == 0 ? arena.random(m, n) : Arena.swapLast(arena.random(n, m));
            assertTrue(MatMul.run(a, b, null, c, PostOps.NONE));
            Arena.each(c.dims(), i -> assertEquals(dot(a, b, i), Arena.get(c, i), 1e-5 * k, () -> a + " " + b));
        }
    }

    @Test
    void takesMatricesWithGapsBetweenRows() {
        Tensor a = arena.filled(new long[] {11, 1}, 6, 7);
        Tensor b = arena.filled(new long[] {40, 1}, 7, 9);
        Tensor c = arena.filled(new long[] {21, 1}, 6, 9);
        assertTrue(MatMul.run(a, b, null, c, PostOps.NONE));
        Arena.each(c.dims(), i -> assertEquals(dot(a, b, i), Arena.get(c, i), 1e-5));
    }

    @Test
    void repeatsBatchAxesOfSizeOne() {
        Tensor a = arena.random(3, 1, 4, 5);
        Tensor b = arena.random(1, 2, 5, 6);
        Tensor c = arena.random(3, 2, 4, 6);
        assertTrue(MatMul.run(a, b, null, c, PostOps.NONE));
        Arena.each(c.dims(), i -> {
            double sum = 0;
            for (long k = 0; k < 5; k++) {
                sum += (double) Arena.get(a, i[0], 0, i[2], k) * Arena.get(b, 0, i[1], k, i[3]);
            }
            assertEquals(sum, Arena.get(c, i), 1e-5);
        });
    }

    @Test
    void addsTheBiasBeforeTheActivation() {
        Tensor a = arena.random(9, 20);
        Tensor b = arena.random(20, 11);
        Tensor bias = arena.random(1, 11);
        Tensor c = arena.random(9, 11);
        assertTrue(MatMul.run(a, b, bias, c, PostOps.of(Activation.RELU, 0, 0)));
        Arena.each(c.dims(), i -> {
            double expected = Math.max(0, dot(a, b, i) + Arena.get(bias, 0, i[1]));
            assertEquals(expected, Arena.get(c, i), 1e-5);
        });
    }

    @Test
    void accumulatesIntoTheDestination() {
        Tensor a = arena.random(4, 6);
        Tensor b = arena.random(6, 5);
        Tensor c = arena.random(4, 5);
        double before = Arena.get(c, 2, 3);
        assertTrue(MatMul.run(a, b, null, c, PostOps.ACCUMULATE));
        assertEquals(before + dot(a, b, 2, 3), Arena.get(c, 2, 3), 1e-5);
    }

    @Test
    void multipliesBfloat16AndStoresFloat32WhereTheInstructionSetServesIt() {
        Tensor a = arena.random(16, 24);
        Tensor b = arena.random(24, 8);
        Tensor shortA = arena.empty(DType.BFLOAT16, 16, 24);
        Tensor shortB = arena.empty(DType.BFLOAT16, 24, 8);
        Tensor c = arena.random(16, 8);
        assertTrue(Reorder.run(a, shortA));
        assertTrue(Reorder.run(b, shortB));
        boolean computed = MatMul.run(shortA, shortB, null, c, PostOps.NONE);
        assertEquals(InstructionSet.servesBfloat16(), computed);
        if (computed) {
            Arena.each(c.dims(), i -> assertEquals(dot(a, b, i), Arena.get(c, i), 0.05));
        }
    }

    @Test
    void givesTheSameBitsEachTime() {
        Tensor a = arena.random(128, 784);
        Tensor b = arena.random(784, 64);
        Tensor c = arena.random(128, 64);
        MatMul.run(a, b, null, c, PostOps.NONE);
        int[] first = new int[128 * 64];
        Memory.get(c.address(), first, 0, first.length);
        for (int run = 0; run < 20; run++) {
            MatMul.run(a, b, null, c, PostOps.NONE);
            int[] again = new int[128 * 64];
            Memory.get(c.address(), again, 0, again.length);
            assertTrue(java.util.Arrays.equals(first, again));
        }
    }

    private static double dot(Tensor a, Tensor b, long... index) {
        double sum = 0;
        for (long k = 0; k < a.dims()[1]; k++) {
            sum += (double) Arena.get(a, index[0], k) * Arena.get(b, k, index[1]);
        }
        return sum;
    }
}
