package io.kiln.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.compile.CompileOptions;
import io.kiln.compile.Executable;
import io.kiln.compile.GraphCompiler;
import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.activation.Softmax;
import io.kiln.op.attention.Attention;
import io.kiln.op.attention.FlashAttention;
import io.kiln.op.attention.ScaledDotProductAttention;
import io.kiln.op.internal.Keeping;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Attention of several tiles is the processor's, with gradients, and never has its weights in memory. */
class AttentionKernelsTest {
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

    private static NDArray numbers(Device on, DType dtype, long seed, long... dims) {
        Shape shape = Shape.of(dims);
        double[] x = new Random(seed).doubles(shape.size(), -1, 1).toArray();
        return ArrayFactory.on(on).of(shape, x).cast(dtype);
    }

    /** y and the gradients of q, k and v, in float64. */
    private static double[][] results(Device on, DType dtype, boolean causal, long[] mask, long[]... shapes) {
        NDArray[] in = new NDArray[3];
        for (int i = 0; i < 3; i++) {
            in[i] = numbers(on, dtype, i, shapes[i]);
            Autograd.attachGradient(in[i]);
        }
        NDArray m = mask == null ? null : numbers(on, dtype, 7, mask);
        NDArray y;
        NDArray loss;
        try (Autograd.Mode record = Autograd.record()) {
            y = Attention.scaledDotProduct(in[0], in[1], in[2], m, causal);
            loss = y.mul(numbers(on, dtype, 9, y.shape().dims())).sum();
        }
        Autograd.backward(loss);
        return new double[][] {
            y.toDoubleArray(),
            Autograd.gradient(in[0]).toDoubleArray(),
            Autograd.gradient(in[1]).toDoubleArray(),
            Autograd.gradient(in[2]).toDoubleArray()
        };
    }

    private void compare(DType dtype, double tolerance, boolean causal, long[] mask, long[]... shapes) {
        double[][] expected = results(Device.cpu(), DType.FLOAT64, causal, mask, shapes);
        double[][] got = results(device, dtype, causal, mask, shapes);
        for (int i = 0; i < expected.length; i++) {
            assertArrayEquals(expected[i], got[i], tolerance, "result " + i + " of " + dtype);
        }
    }

    private static long[] dims(long... dims) {
        return dims;
    }

    @Test
    void itIsTheProcessorsInEachDtype() {
        long[][] shapes = {dims(2, 2, 70, 16), dims(2, 2, 45, 16), dims(2, 2, 45, 10)};
        compare(DType.FLOAT32, 2e-5, false, null, shapes);
        compare(DType.FLOAT16, 3e-2, false, null, shapes);
        compare(DType.BFLOAT16, 2e-1, false, null, shapes);
    }

    @Test
    void masksAndLaterKeysAreHidden() {
        compare(DType.FLOAT32, 2e-5, true, null, dims(2, 37, 8), dims(2, 75, 8), dims(2, 75, 8));
        compare(DType.FLOAT32, 2e-5, true, null, dims(2, 75, 8), dims(2, 37, 8), dims(2, 37, 8));
        compare(DType.FLOAT32, 2e-5, false, dims(2, 1, 1, 40), dims(2, 3, 40, 8), dims(2, 3, 40, 8), dims(2, 3, 40, 8));
        compare(DType.FLOAT32, 2e-5, true, dims(35, 1), dims(2, 35, 8), dims(2, 35, 8), dims(2, 35, 8));
    }

    @Test
    void groupsOfQueriesShareKeys() {
        compare(DType.FLOAT32, 5e-5, true, null, dims(2, 3, 4, 20, 8), dims(2, 3, 1, 20, 8), dims(2, 3, 1, 20, 8));
        compare(DType.FLOAT32, 5e-5, false, null, dims(3, 20, 8), dims(2, 1, 20, 8), dims(2, 1, 20, 8));
    }

    @Test
    void longRowsTakeSmallerTiles() {
        compare(DType.FLOAT32, 5e-5, false, null, dims(20, 100), dims(19, 100), dims(19, 100));
        compare(DType.FLOAT32, 5e-5, false, null, dims(9, 200), dims(19, 200), dims(19, 70));
    }

    @Test
    void rowsTooLongForATileAreComposed() {
        Operator flash = new FlashAttention(0.1, false, false, false);
        Spec wide = new Spec(Shape.of(4, 1000), DType.FLOAT32);
        assertInstanceOf(ScaledDotProductAttention.class, Keeping.of(backend, flash, wide, wide, wide));
        compare(DType.FLOAT32, 2e-4, false, null, dims(9, 1000), dims(8, 1000), dims(8, 3));
    }

    @Test
    void whatIsKeptIsANumberForEachQuery() {
        Operator flash = new FlashAttention(0.1, false, false, false);
        Spec x = new Spec(Shape.of(2, 3, 40, 8), DType.BFLOAT16);
        Keeping keeping = assertInstanceOf(Keeping.class, Keeping.of(backend, flash, x, x, x));
        assertEquals(
                new Spec(Shape.of(2, 3, 40), DType.FLOAT32), keeping.residuals().get(0));
        Backend processor = Backends.get(Device.cpu());
        assertInstanceOf(ScaledDotProductAttention.class, Keeping.of(processor, flash, x, x, x));
        Operator other = new Softmax(-1);
        assertSame(other, Keeping.of(processor, other, x));
    }

    /** Queries and keys of 1024 would make weights of 4 MiB: neither eager calls nor compiled steps hold as much. */
    @Test
    void theWeightsAreNeverInMemory() {
        long n = 1024;
        long weights = n * n * Float.BYTES;
        try (Context own = Context.open(device)) {
            NDArray x = numbers(device, DType.FLOAT32, 1, n, 4);
            Autograd.attachGradient(x);
            NDArray y;
            long before = backend.allocator().liveBytes();
            try (Autograd.Mode record = Autograd.record()) {
                y = Attention.scaledDotProduct(x, x, x, null, false).sum();
                assertTrue(backend.allocator().liveBytes() - before < weights);
            }
            Autograd.backward(y);
            assertTrue(Double.isFinite(Autograd.gradient(x).sum().item()));
            Graph graph;
            try (GraphBuilder builder = GraphBuilder.open()) {
                NDArray traced = builder.input("x", x.spec());
                graph = builder.build(Attention.scaledDotProduct(traced, traced, traced, null, false)
                        .sum());
            }
            try (Executable step = new GraphCompiler(backend, new CompileOptions())
                            .differentiable(graph, Map.of(), true, Set.of("x"), x.spec());
                    Executable.Call call = step.begin(new NDArray[0], new NDArray[] {x})) {
                NDArray[] d = call.backward(ArrayFactory.on(device).ones(Shape.scalar(), DType.FLOAT32));
                assertArrayEquals(Autograd.gradient(x).toDoubleArray(), d[0].toDoubleArray(), 1e-4);
                assertTrue(step.arenaBytes() < weights, () -> step.arenaBytes() + " bytes");
            }
        }
    }

    @Test
    void itHasTheSameBitsEachTime() {
        long[][] shapes = {dims(2, 40, 8), dims(1, 40, 8), dims(1, 40, 8)};
        double[][] first = results(device, DType.FLOAT32, true, null, shapes);
        double[][] second = results(device, DType.FLOAT32, true, null, shapes);
        for (int i = 0; i < first.length; i++) {
            assertArrayEquals(first[i], second[i], "result " + i);
        }
    }
}
