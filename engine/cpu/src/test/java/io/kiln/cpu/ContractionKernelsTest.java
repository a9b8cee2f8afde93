package io.kiln.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.cpu.kernel.NetworkKernels;
import io.kiln.cpu.tile.PointwiseKernels;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.internal.AvgPoolGradient;
import io.kiln.op.internal.ConvolutionWeightGradient;
import io.kiln.op.internal.MaxPoolGather;
import io.kiln.op.internal.MaxPoolGradient;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import io.kiln.op.nn.Linear;
import io.kiln.op.nn.MaxPool;
import io.kiln.op.shape.Transpose;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The Java kernels, in double, are the truth; the others must agree with them. */
class ContractionKernelsTest {

    private static final KernelTable JAVA = table(NetworkKernels::contributeJava);
    private static final KernelTable ALL = table(NetworkKernels::contribute);

    private static KernelTable table(Consumer<KernelTable> group) {
        return new KernelTable(new PointwiseKernels()::plan, List.of(group));
    }

    private final Random random = new Random(7);
    private Scope scope;

    @BeforeEach
    void open() {
        EngineThreads.set(2);
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @ParameterizedTest
    @CsvSource({
        "'2,3','3,4'",
        "'1,1','1,1'",
        "'5,1','1,7'",
        "'0,3','3,4'",
        "'2,0','0,4'",
        "'2,3','3,0'",
        "'65,129','129,31'",
        "'4,2,3','3,5'",
        "'2,3','4,3,5'",
        "'3,1,2,5','4,5,6'",
        "'2,2,67,33','2,2,33,70'"
    })
    void matMulOfAnyShapesAgrees(String a, String b) {
        check(new MatMul(), 1e-4, array(a), array(b));
    }

    @Test
    void matMulEqualsNumbersByHand() {
        NDArray a = NDArray.of(Shape.of(2, 2), 1f, 2f, 3f, 4f);
        NDArray b = NDArray.of(Shape.of(2, 2), 5f, 6f, 7f, 8f);
        float[] expected = {19, 22, 43, 50};
        assertArrayEquals(expected, run(JAVA, new MatMul(), a, b)[0].toFloatArray());
        assertArrayEquals(expected, run(ALL, new MatMul(), a, b)[0].toFloatArray());
        assertArrayEquals(new double[] {19, 22, 43, 50}, run(ALL, new MatMul(), wide(a), wide(b))[0].toDoubleArray());
    }

    /** Batches of up to three axes, some of size 1 or repeated, row-major, transposed, or split off the rows of a sequence. */
    @Test
    void matMulOfRandomLayoutsAgrees() {
        for (int run = 0; run < 800; run++) {
            try (Scope inner = Scope.open()) {
                int batchAxes = random.nextInt(4);
                long[] left = new long[batchAxes];
                long[] right = new long[batchAxes];
                for (int i = 0; i < batchAxes; i++) {
                    int repeated = random.nextInt(6);
                    long size = 1 + random.nextInt(3);
                    left[i] = repeated == 0 ? 1 : size;
                    right[i] = repeated == 1 ? 1 : size;
                }
                long m = 1 + random.nextInt(30);
                long k = 1 + random.nextInt(9);
                long n = 1 + random.nextInt(9);
                check(new MatMul(), 1e-4, ofRandomLayout(left, m, k), ofRandomLayout(right, k, n));
            }
        }
    }

    private NDArray ofRandomLayout(long[] batch, long rows, long columns) {
        int last = batch.length + 1;
        boolean turned = random.nextBoolean();
        boolean split = random.nextBoolean() && batch.length > 0;
        long[] dims = Arrays.copyOf(batch, batch.length + 2);
        dims[last - 1] = turned ? columns : rows;
        dims[last] = turned ? rows : columns;
        NDArray x = array(Shape.of(split ? exchanged(dims, last - 2, last - 1) : dims));
        NDArray whole = split ? exchanged(x, last - 2, last - 1) : x;
        return turned ? exchanged(whole, last - 1, last) : whole;
    }

    private static NDArray exchanged(NDArray x, int a, int b) {
        long[] axes = LongStream.range(0, x.shape().rank()).toArray();
        return Dispatch.one(
                new Transpose(Arrays.stream(exchanged(axes, a, b)).boxed().toList()), x);
    }

    private static long[] exchanged(long[] values, int a, int b) {
        long[] result = values.clone();
        result[a] = values[b];
        result[b] = values[a];
        return result;
    }

    /** Small ones and ones large enough for oneDNN. */
    @ParameterizedTest
    @ValueSource(ints = {1, 12})
    void matMulTakesTransposedReversedAndRepeatedOperands(int f) {
        NDArray a = array(Shape.of(5L * f, 4L * f));
        NDArray turned = Dispatch.one(new Transpose(List.of(1L, 0L)), a);
        check(new MatMul(), 1e-4, turned, array(Shape.of(5L * f, 3)));
        check(new MatMul(), 1e-4, array(Shape.of(3, 4L * f)), turned);
        check(new MatMul(), 1e-4, turned, a);
        NDArray row = array(Shape.of(1, 4L * f));
        NDArray repeated = row.view(Shape.of(6L * f, 4L * f), new long[] {0, 1}, 0);
        check(new MatMul(), 1e-4, repeated, array(Shape.of(4L * f, 3)));
        NDArray one = array("1");
        check(new MatMul(), 1e-4, a, one.view(Shape.of(4L * f, 2), new long[] {0, 0}, 0));
        NDArray backwards = a.view(a.shape(), new long[] {-4L * f, 1}, (5L * f - 1) * 4 * f);
        check(new MatMul(), 1e-4, backwards, array(Shape.of(4L * f, 3)));
        NDArray batched = array("1,4,3").view(Shape.of(7, 4, 3), new long[] {0, 3, 1}, 0);
        check(new MatMul(), 1e-5, array("7,2,4"), batched);
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT16", "BFLOAT16", "FLOAT64"})
    void matMulServesEachFloatingType(DType dtype) {
        NDArray a = array("9,21").cast(dtype);
        NDArray b = array("21,6").cast(dtype);
        NDArray y = run(ALL, new MatMul(), a, b)[0];
        assertEquals(dtype, y.dtype());
        double tolerance = dtype == DType.FLOAT64 ? 1e-12 : dtype == DType.FLOAT16 ? 5e-3 : 4e-2;
        assertArrayEquals(run(JAVA, new MatMul(), wide(a), wide(b))[0].toDoubleArray(), y.toDoubleArray(), tolerance);
    }

    @ParameterizedTest
    @EnumSource(Activation.class)
    void linearAgreesWithItsComposition(Activation activation) {
        Linear linear = new Linear(activation);
        for (String shape : new String[] {"7", "5,7", "2,3,7", "2,1,4,7"}) {
            NDArray x = array(shape);
            NDArray w = array("6,7");
            NDArray b = array("6");
            assertClose(linear.compose(x, w, b)[0], run(ALL, linear, x, w, b)[0], 1e-5);
            assertClose(linear.compose(x, w)[0], run(ALL, linear, x, w)[0], 1e-5);
        }
        NDArray turned = Dispatch.one(new Transpose(List.of(1L, 0L)), array("7,5"));
        NDArray w = array("6,7");
        assertClose(linear.compose(turned, w)[0], run(ALL, linear, turned, w)[0], 1e-5);
    }

    @ParameterizedTest
    @CsvSource({
        "'2,3,9','4,3,3',1,0,1,1", "'2,6,11','4,3,3',2,1,1,2", "'1,2,13','5,2,3',1,2,2,1",
        "'2,1,8,7','5,1,3,3',1,1,1,1", "'3,5,9,10','7,5,3,2',2,0,1,1", "'2,4,12,9','6,2,3,3',1,2,2,2",
        "'2,6,7,7','6,1,3,3',1,1,1,6", "'2,17,6,6','19,17,1,1',1,0,1,1", "'1,2,6,7,5','3,2,3,3,3',2,1,1,1",
        "'1,4,8,8','2,4,5,5',3,0,1,1", "'0,3,5,5','2,3,3,3',1,1,1,1"
    })
    void convolutionsAgree(String src, String weights, long stride, long pad, long dilation, long groups) {
        NDArray x = array(src);
        NDArray w = array(weights);
        NDArray b = array(weights.split(",")[0]);
        int axes = x.shape().rank() - 2;
        List<Long> strides = fill(axes, stride);
        List<Long> pads = fill(axes, pad);
        List<Long> dilations = fill(axes, dilation);
        for (Activation activation : Activation.values()) {
            check(new Convolution(strides, pads, dilations, groups, activation), 1e-4, x, w, b);
        }
        Convolution plain = new Convolution(strides, pads, dilations, groups, Activation.NONE);
        NDArray y = run(JAVA, plain, x, w)[0];
        NDArray g = array(y.shape());
        List<Long> open = new java.util.ArrayList<>();
        for (int i = 0; i < axes; i++) {
            long length = (g.shape().dim(i + 2) - 1) * stride
                    - 2 * pad
                    + dilation * (w.shape().dim(i + 2) - 1)
                    + 1;
            open.add(x.shape().dim(i + 2) - length);
        }
        ConvolutionTranspose transpose = new ConvolutionTranspose(strides, pads, open, dilations, groups);
        check(transpose, 1e-4, g, w);
        check(transpose, 1e-4, g, w, array(Shape.of(x.shape().dim(1))));
        List<Long> kernel = new java.util.ArrayList<>();
        for (int i = 0; i < axes; i++) {
            kernel.add(w.shape().dim(i + 2));
        }
        for (boolean bias : new boolean[] {false, true}) {
            check(new ConvolutionWeightGradient(strides, pads, dilations, groups, kernel, bias), 1e-3, x, g);
        }
        assertAdjoint(x, w, g, y, run(ALL, transpose, g, w)[0], plain);
    }

    /** ⟨conv(x), g⟩ = ⟨x, convᵀ(g)⟩: ties the transpose to the convolution without a third implementation. */
    private static void assertAdjoint(NDArray x, NDArray w, NDArray g, NDArray y, NDArray back, Operator plain) {
        double left = dot(y, g);
        double right = dot(x, back);
        assertEquals(left, right, 1e-3 * Math.max(1, Math.abs(left)), plain::toString);
    }

    private static double dot(NDArray a, NDArray b) {
        double[] x = a.toDoubleArray();
        double[] y = b.toDoubleArray();
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += x[i] * y[i];
        }
        return sum;
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT16", "BFLOAT16", "FLOAT64"})
    void convolutionsServeEachFloatingType(DType dtype) {
        NDArray x = array("2,3,7,6").cast(dtype);
        NDArray w = array("4,3,3,3").cast(dtype);
        NDArray b = array("4").cast(dtype);
        Convolution conv = new Convolution(fill(2, 1), fill(2, 1), fill(2, 1), 1, Activation.RELU);
        double tolerance = dtype == DType.FLOAT64 ? 1e-12 : dtype == DType.FLOAT16 ? 5e-3 : 4e-2;
        NDArray y = run(ALL, conv, x, w, b)[0];
        assertClose(run(JAVA, conv, wide(x), wide(w), wide(b))[0], y, tolerance);
        ConvolutionTranspose back = new ConvolutionTranspose(fill(2, 1), fill(2, 1), fill(2, 0), fill(2, 1), 1);
        assertClose(run(JAVA, back, wide(y), wide(w))[0], run(ALL, back, y, w)[0], tolerance);
        MaxPool pool = new MaxPool(fill(2, 2), fill(2, 2), fill(2, 0));
        assertClose(run(JAVA, pool, wide(y))[0], run(ALL, pool, y)[0], 0);
    }

    @Test
    void convolutionByHand() {
        NDArray x = NDArray.of(Shape.of(1, 1, 3, 3), 1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f, 9f);
        NDArray w = NDArray.of(Shape.of(1, 1, 2, 2), 1f, 0f, 0f, -1f);
        Convolution conv = new Convolution(fill(2, 1), fill(2, 0), fill(2, 1), 1, Activation.NONE);
        assertArrayEquals(new float[] {-4, -4, -4, -4}, run(JAVA, conv, x, w)[0].toFloatArray());
        assertArrayEquals(new float[] {-4, -4, -4, -4}, run(ALL, conv, x, w)[0].toFloatArray());
    }

    @ParameterizedTest
    @CsvSource({"'2,3,9',2,2,0", "'2,20,8,9',2,2,0", "'1,3,7,8',3,2,1", "'2,2,5,6,4',2,2,0", "'0,2,4,4',2,2,0"})
    void poolingsAgreeAlsoWhereElementsAreEqual(String src, long kernelSize, long stride, long pad) {
        NDArray x = array(src).mul(3).cast(DType.INT32).cast(DType.FLOAT32); // many equal elements
        int axes = x.shape().rank() - 2;
        List<Long> kernel = fill(axes, kernelSize);
        List<Long> strides = fill(axes, stride);
        List<Long> pads = fill(axes, pad);
        MaxPool max = new MaxPool(kernel, strides, pads);
        check(max, 0, x);
        NDArray[] pooled = run(ALL, max, x);
        NDArray g = array(pooled[0].shape());
        List<Long> spatial = new java.util.ArrayList<>();
        for (int i = 0; i < axes; i++) {
            spatial.add(x.shape().dim(i + 2));
        }
        check(new MaxPoolGradient(kernel, strides, pads, spatial), 1e-6, g, pooled[1]);
        assertClose(pooled[0], run(ALL, new MaxPoolGather(kernel, strides, pads), x, pooled[1])[0], 0);
        for (boolean countPad : new boolean[] {false, true}) {
            check(new AvgPool(kernel, strides, pads, countPad), 1e-6, x);
            check(new AvgPoolGradient(kernel, strides, pads, countPad, spatial), 1e-6, g);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'2,3,9',2,3,0,1",
        "'2,20,8,9',3,2,1,1",
        "'1,3,9,8',2,2,0,3",
        "'1,18,10,9',3,2,2,2",
        "'2,2,5,6,4',2,2,0,1"
    })
    void poolingsRoundedUpAndDilatedAgree(String src, long kernelSize, long stride, long pad, long dilation) {
        NDArray x = array(src);
        int axes = x.shape().rank() - 2;
        List<Long> kernel = fill(axes, kernelSize);
        List<Long> strides = fill(axes, stride);
        List<Long> pads = fill(axes, pad);
        List<Long> holes = fill(axes, dilation);
        MaxPool max = new MaxPool(kernel, strides, pads, holes, true);
        check(max, 0, x);
        NDArray[] pooled = run(ALL, max, x);
        NDArray g = array(pooled[0].shape());
        List<Long> spatial = new java.util.ArrayList<>();
        for (int i = 0; i < axes; i++) {
            spatial.add(x.shape().dim(i + 2));
        }
        check(new MaxPoolGradient(kernel, strides, pads, spatial, holes), 1e-6, g, pooled[1]);
        for (boolean countPad : new boolean[] {false, true}) {
            check(new AvgPool(kernel, strides, pads, countPad, holes, true, 0), 1e-6, x);
            check(new AvgPoolGradient(kernel, strides, pads, countPad, spatial, holes, true, 0), 1e-6, g);
        }
    }

    @Test
    void windowsOf256ElementsAndMoreAgree() {
        check(new MaxPool(fill(2, 16), fill(2, 16), fill(2, 0)), 0, array("2,3,33,32"));
        check(new MaxPool(fill(2, 17), fill(2, 5), fill(2, 3)), 0, array("1,2,40,33"));
    }

    @Test
    void convolutionsKeepChannelsLastAndPassItOn() {
        NDArray x = array("2,3,8,8");
        Convolution conv = new Convolution(fill(2, 1), fill(2, 1), fill(2, 1), 1, Activation.RELU);
        NDArray y = run(ALL, conv, x, array("5,3,3,3"))[0];
        assertArrayEquals(new long[] {320, 1, 40, 5}, y.strides());
        check(conv, 1e-5, y, array("4,5,3,3"));
    }

    private void check(Operator operator, double tolerance, NDArray... inputs) {
        NDArray[] wide = new NDArray[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            wide[i] = inputs[i].dtype() == DType.FLOAT32 ? wide(inputs[i]) : inputs[i];
        }
        NDArray[] expected = run(JAVA, operator, wide);
        NDArray[] narrow = run(JAVA, operator, inputs);
        NDArray[] fast = run(ALL, operator, inputs);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(fast[i].dtype(), narrow[i].dtype());
            assertClose(expected[i], narrow[i], tolerance);
            assertClose(expected[i], fast[i], tolerance);
        }
    }

    private static void assertClose(NDArray expected, NDArray got, double tolerance) {
        assertEquals(expected.shape(), got.shape());
        double[] values = got.toDoubleArray();
        double[] wanted = expected.toDoubleArray();
        for (int i = 0; i < wanted.length; i++) {
            double allowed = tolerance * Math.max(1, Math.abs(wanted[i]));
            assertTrue(Math.abs(wanted[i] - values[i]) <= allowed, wanted[i] + " but " + values[i] + " at " + i);
        }
    }

    private static NDArray[] run(KernelTable table, Operator operator, NDArray... inputs) {
        return KernelRuns.run(table, operator, inputs);
    }

    private NDArray array(String shape) {
        String[] sizes = shape.split(",");
        long[] dims = new long[sizes.length];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = Long.parseLong(sizes[i]);
        }
        return array(Shape.of(dims));
    }

    private NDArray array(Shape shape) {
        float[] values = new float[(int) shape.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() * 2 - 1;
        }
        return NDArray.of(shape, values);
    }

    private static NDArray wide(NDArray x) {
        return x.cast(DType.FLOAT64);
    }

    private static List<Long> fill(int count, long value) {
        return java.util.Collections.nCopies(count, value);
    }
}
