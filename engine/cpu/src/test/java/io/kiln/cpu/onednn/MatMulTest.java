package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.internal.Memory;
import java.util.Arrays;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
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
    void largeProductsEqualTheTripleLoopForAnyOrderOfAxes() {
        long m = 310;
        long k = 370;
        long n = 330;
        Tensor bias = arena.random(1, n);
        PostOps relu = PostOps.of(Activation.RELU, 0, 0);
        for (int variant = 0; variant < 8; variant++) {
            Tensor a = (variant & 1) == 0 ? arena.random(m, k) : Arena.swapLast(arena.random(k, m));
            Tensor b = (variant & 2) == 0 ? arena.random(k, n) : Arena.swapLast(arena.random(n, k));
            Tensor c = (variant & 4) == 0 ? arena.random(m, n) : arena.filled(new long[] {n + 13, 1}, m, n);
            double[] before = new double[(int) m];
            Arrays.setAll(before, i -> Arena.get(c, i, i));
            assertTrue(MatMul.run(a, b, null, c, PostOps.ACCUMULATE));
            for (int i = 0; i < m; i++) {
                assertEquals(before[i] + dot(a, b, i, i), Arena.get(c, i, i), 1e-5 * k);
            }
            assertTrue(MatMul.run(a, b, bias, c, relu));
            for (int i = 0; i < m; i++) {
                long j = (7L * i + 3) % n;
                assertEquals(Math.max(0, dot(a, b, i, j) + Arena.get(bias, 0, j)), Arena.get(c, i, j), 1e-5 * k);
            }
        }
    }

    @Test
    void largeProductsHaveTheSameBitsEachTimeAndWhereverTheirOperandsLie() {
        Tensor a = arena.random(384, 800);
        Tensor b = arena.random(800, 320);
        Tensor c = arena.random(384, 320);
        assertTrue(MatMul.run(a, b, null, c, PostOps.NONE));
        int[] first = bits(c);
        for (int run = 1; run < 20; run++) {
            Tensor moved = moved(a, run % 16);
            Tensor other = moved(b, 3 * run % 16);
            Tensor result = moved(c, 5 * run % 16);
            assertTrue(MatMul.run(moved, other, null, result, PostOps.NONE));
            assertArrayEquals(first, bits(result));
        }
    }

    /** A copy that begins some elements behind a border of the processor's vectors. */
    private Tensor moved(Tensor x, int elements) {
        Tensor room = arena.empty(DType.FLOAT32, x.size() + 32);
        long address = (room.address() + 63 & -64L) + 4L * elements;
        Memory.copy(x.address(), address, 4 * x.size());
        return Tensor.rowMajor(DType.FLOAT32, address, x.dims());
    }

    private static int[] bits(Tensor x) {
        int[] bits = new int[(int) x.size()];
        Memory.get(x.address(), bits, 0, bits.length);
        return bits;
    }

    @Test
    void findsALaterImplementationThoughAnEarlierOneIsCached() {
        Tensor a = arena.random(7, 9);
        assertTrue(MatMul.run(a, Arena.swapLast(a), null, arena.random(7, 7), PostOps.NONE));
        try (PlanBuilder builder = new PlanBuilder(CpuContext.current())) {
            dnnl_memory_desc layout = builder.layout(a);
            dnnl_memory_desc turned = builder.layout(Arena.swapLast(a));
            dnnl_memory_desc result = builder.layout(DType.FLOAT32, new long[] {7, 7}, new long[] {7, 1});
            dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
            int status = dnnl_matmul_primitive_desc_create(
                    descriptor, builder.engine(), layout, turned, null, result, builder.attributes(PostOps.NONE));
            builder.created("matmul", descriptor, status);
            assertTrue(PlanBuilder.advance(descriptor, "ref"));
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
            assertTrue(Arrays.equals(first, again));
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
