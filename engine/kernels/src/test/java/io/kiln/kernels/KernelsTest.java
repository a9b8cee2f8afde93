package io.kiln.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.index.Gather;
import io.kiln.op.index.ScatterAdd;
import io.kiln.op.linalg.Inverse;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.random.RandomBernoulli;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomNormal;
import io.kiln.op.random.RandomUniform;
import io.kiln.op.reduce.Sum;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the operator table cannot show: sizes beyond a tile, equal bits, late errors, the way through the CPU. */
class KernelsTest {
    private final KernelDevice backend = DeviceUnderTest.get();
    private final Device device = backend.device();
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static NDArray numbers(Device on, long seed, long... dims) {
        Shape shape = Shape.of(dims);
        double[] x = new Random(seed).doubles(shape.size(), -1, 1).toArray();
        return ArrayFactory.on(on).of(shape, x).cast(DType.FLOAT32);
    }

    private void compare(double tolerance, Operator operator, long[]... shapes) {
        NDArray[] here = new NDArray[shapes.length];
        NDArray[] there = new NDArray[shapes.length];
        for (int i = 0; i < shapes.length; i++) {
            here[i] = numbers(Device.cpu(), i, shapes[i]);
            there[i] = numbers(device, i, shapes[i]);
        }
        float[] expected = Dispatch.one(operator, here).toFloatArray();
        assertArrayEquals(expected, Dispatch.one(operator, there).toFloatArray(), (float) tolerance);
    }

    @Test
    void productsOfSeveralTilesAndBatchesAreThoseOfTheProcessor() {
        compare(1e-4, new MatMul(), new long[] {3, 1, 37, 70}, new long[] {5, 70, 33});
        compare(1e-4, new MatMul(), new long[] {130, 257}, new long[] {257, 65});
    }

    /** Of two dtypes, so that no library computes it. */
    @Test
    void aProductMayHaveMoreRowsThanAGridHasThreads() {
        NDArray a = numbers(device, 1, 70_001, 3);
        NDArray b = numbers(device, 2, 3, 2);
        float[] got = Dispatch.one(new MatMul(), a, b.cast(DType.FLOAT64))
                .cast(DType.FLOAT32)
                .toFloatArray();
        float[] expected = Dispatch.one(new MatMul(), a.to(Device.cpu()), b.to(Device.cpu()))
                .toFloatArray();
        assertArrayEquals(expected, got, 1e-6f);
    }

    @Test
    void longSumsLoseNothing() {
        NDArray x = ArrayFactory.on(device).full(Shape.of(3, 1_000_003), 0.1f, DType.FLOAT32);
        double exact = 0.1f * 1_000_003.0;
        assertEquals(exact, x.sum(1).toDoubleArray()[1], exact * 1e-7);
        assertEquals(Double.POSITIVE_INFINITY, x.mul(1e38).sum().item());
    }

    @Test
    void aSumHasTheSameBitsEachTime() {
        NDArray x = numbers(device, 5, 7, 4001);
        NDArray first = Dispatch.one(new Sum(List.of(1L), false), x);
        for (int i = 0; i < 5; i++) {
            assertArrayEquals(
                    first.toFloatArray(),
                    Dispatch.one(new Sum(List.of(1L), false), x).toFloatArray());
        }
    }

    @Test
    void randomNumbersHaveTheBitsOfTheProcessor() {
        List<Operator> operators = List.of(
                new RandomUniform(Shape.of(1001), -2, 3, DType.FLOAT32),
                new RandomBernoulli(Shape.of(1001), 0.3, DType.FLOAT32),
                new RandomNormal(Shape.of(1001), 1, 2, DType.FLOAT32));
        for (Operator operator : operators) {
            float[][] drawn = new float[2][];
            for (int i = 0; i < 2; i++) {
                try (Context own = Context.open(i == 0 ? Device.cpu() : device)) {
                    RandomGenerator.restore(new RandomGenerator.State(1L << 40 | 99, 1L << 35 | 1));
                    drawn[i] = Dispatch.one(operator).toFloatArray();
                }
            }
            // Sine, cosine and logarithm of the two differ in the last bit of a double.
            if (operator instanceof RandomNormal) {
                assertArrayEquals(drawn[0], drawn[1], 1e-6f);
            } else {
                assertArrayEquals(drawn[0], drawn[1], operator.name());
            }
        }
    }

    @Test
    void anIndexOutOfRangeIsToldAtTheNextSynchronization() {
        NDArray x = numbers(device, 1, 4, 3);
        NDArray indices = ArrayFactory.on(device).of(Shape.of(2, 2), 0L, 3, 4, -1);
        NDArray y = Dispatch.one(new Gather(0), x, indices);
        IndexRangeException e = assertThrows(IndexRangeException.class, y::toFloatArray);
        assertEquals("gather (axis 0): indices must be from 0 to 3, got 4 at [1,0]", e.getMessage());
        assertEquals(4, e.value());
        assertEquals(12, x.toFloatArray().length, "it is told once");
    }

    @Test
    void anIndexOutOfRangeThatNobodyAskedForIsToldWhenTheQueueEnds() {
        Context own = Context.open(device);
        NDArray x = NDArray.of(1, 2, 3);
        Dispatch.one(new Gather(0), x, NDArray.of(Shape.of(1), 3L));
        IndexRangeException e = assertThrows(IndexRangeException.class, own::close);
        assertEquals(3, e.value());
    }

    @Test
    void updatesOfOneTargetAreAddedInOrder() {
        NDArray indices = ArrayFactory.on(device).of(Shape.of(5), 1L, 1, 0, -1, 1);
        NDArray updates = ArrayFactory.on(device).of(Shape.of(5), 1e8f, 1, 5, 7, -1e8f);
        NDArray zeros = ArrayFactory.on(device).zeros(Shape.of(3), DType.FLOAT32);
        assertArrayEquals(
                new float[] {5, 0, 7},
                Dispatch.one(new ScatterAdd(0), zeros, indices, updates).toFloatArray());
    }

    @Test
    void rowsAreOverwrittenByNumber() {
        NDArray x = ArrayFactory.on(device).zeros(Shape.of(4, 2), DType.FLOAT32);
        NDArray rows = ArrayFactory.on(device).of(Shape.of(2, 2), 1f, 2, 3, 4);
        InPlace.putRows(x, ArrayFactory.on(device).of(Shape.of(2), 3L, 1), rows.transpose());
        assertArrayEquals(new float[] {0, 0, 2, 4, 0, 0, 1, 3}, x.toFloatArray());
    }

    @Test
    void anOperatorWithoutKernelGoesThroughTheProcessorAndIsCounted() {
        Map<String, Long> before = backend.kernels().counters().fallbacks();
        NDArray x = ArrayFactory.on(device).of(Shape.of(2, 2), 2f, 0, 0, 4);
        NDArray y = Dispatch.one(new Inverse(), x.transpose());
        assertEquals(device, y.device());
        assertArrayEquals(new float[] {0.5f, 0, 0, 0.25f}, y.toFloatArray());
        assertEquals(
                before.getOrDefault("inverse", 0L) + 1,
                backend.kernels().counters().fallbacks().get("inverse"));
    }

    @Test
    void theDeviceDescribesItself() {
        assertTrue(backend.describe().startsWith(device + ": "), backend::describe);
    }
}
