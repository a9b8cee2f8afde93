package io.kiln.cpu.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.cpu.KernelRuns;
import io.kiln.cpu.Planner;
import io.kiln.cpu.onednn.InstructionSet;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Cast;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.activation.Gelu;
import io.kiln.op.activation.Sigmoid;
import io.kiln.op.activation.Silu;
import io.kiln.op.internal.BatchNormGradient;
import io.kiln.op.internal.ConvolutionWeightGradient;
import io.kiln.op.internal.GeluGradient;
import io.kiln.op.internal.ReluGradient;
import io.kiln.op.internal.SiluGradient;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.math.Add;
import io.kiln.op.math.Tanh;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import io.kiln.op.nn.Linear;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * That oneDNN itself computes in bfloat16 where the instruction set serves it, so that no product falls back to a slower path
 * unseen; and elsewhere that the way through float32 gives the same.
 */
class NarrowKernelsTest {
    private static final List<Long> ONE = List.of(1L, 1L);

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(3);
    }

    @AfterEach
    void close() {
        if (scope != null) {
            scope.close();
        }
    }

    private static void check(Planner kernel, Operator operator, long[]... shapes) {
        NDArray[] wide = new NDArray[shapes.length];
        NDArray[] narrow = new NDArray[shapes.length];
        for (int i = 0; i < shapes.length; i++) {
            narrow[i] =
                    RandomOps.normal(Shape.of(shapes[i]), 0, 1, DType.FLOAT32).cast(DType.BFLOAT16);
            wide[i] = narrow[i].cast(DType.FLOAT32);
        }
        NDArray[] y = computed(kernel, operator, narrow);
        NDArray[] exact = Dispatch.run(operator, wide);
        for (int i = 0; i < y.length; i++) {
            assertEquals(DType.BFLOAT16, y[i].dtype());
            double largest = exact[i].abs().max().item();
            assertArrayEquals(exact[i].toDoubleArray(), y[i].toDoubleArray(), largest * 0x1p-7, operator.toString());
        }
    }

    /** What the kernel gives; where it declines because of the instruction set, what the operator gives without it. */
    private static NDArray[] computed(Planner kernel, Operator operator, NDArray... inputs) {
        NDArray[] y = KernelRuns.run(kernel, operator, inputs);
        boolean served = InstructionSet.servesBfloat16();
        assertTrue(y != null || !served, operator + " is not computed by oneDNN in bfloat16");
        return y != null ? y : Dispatch.run(operator, inputs);
    }

    @Test
    void matrixProductsAndAffineMaps() {
        check(OneDnnMatMul::matMul, new MatMul(), new long[] {17, 40}, new long[] {40, 9});
        check(OneDnnMatMul::matMul, new MatMul(), new long[] {2, 5, 8}, new long[] {2, 8, 3});
        check(OneDnnMatMul::linear, new Linear(Activation.NONE), new long[] {6, 33}, new long[] {4, 33});
        for (Activation a : Activation.values()) {
            check(OneDnnMatMul::linear, new Linear(a), new long[] {6, 33}, new long[] {4, 33}, new long[] {4});
        }
    }

    @Test
    void functionsOfOneElement() {
        long[] shape = {9, 33};
        check(ElementKernels::tanh, new Tanh(), shape);
        check(ElementKernels::sigmoid, new Sigmoid(), shape);
        check(ElementKernels::silu, new Silu(), shape);
        check(ElementKernels::gelu, new Gelu(true), shape);
        check(ElementKernels::reluGradient, new ReluGradient(), shape, shape);
        check(ElementKernels::siluGradient, new SiluGradient(), shape, shape);
        check(ElementKernels::geluGradient, new GeluGradient(false), shape, shape);
    }

    @Test
    void batchNormsOfNarrowDataBesideWideStatistics() {
        NDArray x = RandomOps.normal(Shape.of(4, 6, 5, 3), 1, 2, DType.FLOAT32).cast(DType.BFLOAT16);
        NDArray dy = RandomOps.normal(x.shape(), 0, 1, DType.FLOAT32).cast(DType.BFLOAT16);
        NDArray ones = NDArray.ones(Shape.of(6), DType.FLOAT32);
        NDArray some = RandomOps.normal(Shape.of(6), 0, 1, DType.FLOAT32);
        BatchNormOp norm = new BatchNormOp(1e-5, 0.9);
        try (Autograd.Mode train = Autograd.trainMode()) {
            NDArray[] inputs = {x, ones.add(some), some, some, ones};
            NDArray[] y = compare(OneDnnNorm::batchNorm, norm, inputs);
            compare(OneDnnNorm::batchNormGradient, new BatchNormGradient(1e-5, true), dy, x, inputs[1], y[3], y[4]);
        }
    }

    /** The kernel against the composition, which computes in float32; both in the types of the rule. */
    private static NDArray[] compare(Planner kernel, Operator operator, NDArray... inputs) {
        Spec[] specs = new Spec[inputs.length];
        for (int i = 0; i < specs.length; i++) {
            specs[i] = inputs[i].spec();
        }
        Spec[] results = operator.infer(specs);
        NDArray[] y = computed(kernel, operator, inputs);
        NDArray[] composed = operator.compose(inputs);
        for (int i = 0; i < y.length; i++) {
            assertEquals(results[i], y[i].spec());
            assertEquals(results[i], composed[i].spec());
            double tolerance = y[i].dtype() == DType.BFLOAT16 ? 0x1p-5 : 1e-3;
            assertArrayEquals(composed[i].toDoubleArray(), y[i].toDoubleArray(), tolerance * 8, operator + " " + i);
        }
        return y;
    }

    @Test
    void convolutionsAndTheirGradients() {
        long[] x = {2, 8, 9, 7};
        long[] w = {6, 8, 3, 3};
        check(OneDnnConvolution::convolution, new Convolution(ONE, ONE, ONE, 1, Activation.RELU), x, w, new long[] {6});
        check(
                OneDnnConvolution::transpose,
                new ConvolutionTranspose(ONE, ONE, List.of(0L, 0L), ONE, 1),
                new long[] {2, 6, 9, 7},
                w);
        check(
                OneDnnConvolution::weightGradient,
                new ConvolutionWeightGradient(ONE, ONE, ONE, 1, List.of(3L, 3L), false),
                x,
                new long[] {2, 6, 9, 7});
    }

    /** Where oneDNN has only reference code for a type, which takes 50 times as long, Java computes; with the same bits. */
    @Test
    void conversionsTakeTheCodeThatIsFastOnThisProcessor() {
        NDArray x = RandomOps.normal(Shape.of(9, 33), 0, 1, DType.FLOAT32);
        NDArray narrow = x.cast(DType.BFLOAT16);
        boolean served = InstructionSet.servesBfloat16();
        for (NDArray from : new NDArray[] {x, narrow}) {
            DType to = from == x ? DType.BFLOAT16 : DType.FLOAT32;
            NDArray[] by = KernelRuns.run(ElementKernels::cast, new Cast(to), from);
            assertEquals(served, by != null);
            if (served) {
                assertArrayEquals(from.cast(to).toDoubleArray(), by[0].toDoubleArray());
            }
        }
        assertEquals(served, KernelRuns.run(ElementKernels::add, new Add(), narrow, narrow) != null);
        float[] values = x.toFloatArray();
        float[] rounded = narrow.toFloatArray();
        for (int i = 0; i < values.length; i++) {
            int bits = Float.floatToRawIntBits(values[i]);
            int even = bits + 0x7FFF + (bits >>> 16 & 1) & 0xFFFF0000;
            assertEquals(Float.intBitsToFloat(even), rounded[i]);
        }
    }

    @Test
    void adviceNamesProcessorLossAndRemedy() {
        assertEquals(
                "bfloat16: A chip has no instructions for it (AVX512_BF16 or AMX), so products convert their operands, compute in"
                        + " float32 and round once: they save memory, but take longer than in float32 and have fewer digits;"
                        + " to train or predict faster here, take Precision.FLOAT32 (in estimators precision \"float32\")",
                NarrowKernels.advice(DType.BFLOAT16, "A chip"));
        assertTrue(NarrowKernels.advice(DType.FLOAT16, "A chip").startsWith("float16: A chip has no instructions"));
        assertFalse(InstructionSet.processor().isBlank());
    }
}
