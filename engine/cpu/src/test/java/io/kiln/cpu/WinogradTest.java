package io.kiln.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.compile.internal.FusedConvolution;
import io.kiln.cpu.onednn.Reorder;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.cpu.winograd.Finish;
import io.kiln.cpu.winograd.WinogradConvolution;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.internal.ConvolutionWeightGradient;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Winograd's convolutions against direct sums in double, by the Java kernels. */
class WinogradTest {
    private final Random random = new Random(11);
    private Scope scope;

    @BeforeEach
    void open() {
        EngineThreads.set(2);
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        EngineThreads.set(1);
        scope.close();
    }

    /** Images, input channels, height, width, output channels, taps, padding of rows and columns, threads. */
    @ParameterizedTest
    @CsvSource({
        "1, 8, 4, 4, 8, 3, 1, 1, 1",
        "1, 5, 1, 1, 7, 3, 1, 1, 2",
        "2, 16, 13, 9, 24, 3, 0, 0, 2",
        "1, 33, 7, 7, 17, 3, 2, 2, 1",
        "3, 12, 10, 23, 20, 3, 1, 0, 2",
        "5, 8, 6, 5, 9, 3, 0, 2, 3",
        "4, 70, 19, 33, 40, 3, 1, 1, 2",
        "2, 16, 14, 14, 24, 5, 0, 0, 2",
        "1, 9, 11, 8, 6, 5, 2, 1, 1",
        "3, 20, 9, 12, 15, 5, 4, 3, 2",
        "1, 600, 5, 6, 200, 3, 1, 1, 2",
        "40, 300, 7, 7, 310, 3, 1, 1, 2"
    })
    void resultAndGradientsEqualTheDirectSums(
            long n, long c, long height, long width, long o, long taps, long padRows, long padColumns, int threads) {
        EngineThreads.set(threads);
        NDArray x = array(Shape.of(n, c, height, width));
        NDArray w = array(Shape.of(o, c, taps, taps));
        Shape y = Shape.of(n, o, height + 2 * padRows - taps + 1, width + 2 * padColumns - taps + 1);
        NDArray dy = array(y);
        List<Long> ones = List.of(1L, 1L);
        List<Long> none = List.of(0L, 0L);
        List<Long> pad = List.of(padRows, padColumns);

        NDArray result = channelsLast(y);
        convolution(taps, result, c, o)
                .forward(
                        tensor(x),
                        weights(w),
                        false,
                        Finish.NONE,
                        tensor(result),
                        (int) padRows,
                        (int) padColumns,
                        WinogradTest::memory);
        compare(new Convolution(ones, pad, ones, 1, Activation.NONE), result, x, w);

        NDArray dx = channelsLast(x.shape());
        int turnedRows = (int) (taps - 1 - padRows);
        int turnedColumns = (int) (taps - 1 - padColumns);
        convolution(taps, dx, o, c)
                .forward(
                        tensor(dy),
                        weights(w),
                        true,
                        Finish.NONE,
                        tensor(dx),
                        turnedRows,
                        turnedColumns,
                        WinogradTest::memory);
        compare(new ConvolutionTranspose(ones, pad, none, ones, 1), dx, dy, w);

        NDArray dw = NDArray.zeros(w.shape(), DType.FLOAT32);
        convolution(taps, dy, c, o)
                .backwardWeights(
                        tensor(x), tensor(dy), weights(dw), (int) padRows, (int) padColumns, WinogradTest::memory);
        compare(new ConvolutionWeightGradient(ones, pad, ones, 1, List.of(taps, taps), false), dw, x, dy);
    }

    /** What the operators run: bias and activation in the output transform, images of any strides. */
    @Test
    void operatorsWithBiasAndActivationEqualTheDirectSums() {
        NDArray x = array(Shape.of(8, 64, 15, 17));
        NDArray w = array(Shape.of(64, 64, 3, 3)).mul(0.05);
        NDArray b = array(Shape.of(64));
        List<Long> ones = List.of(1L, 1L);
        for (Activation activation : Activation.values()) {
            Convolution conv = new Convolution(ones, ones, ones, 1, activation);
            assertTrue(isServed(x, w));
            compare(conv, Dispatch.one(conv, x, w, b), x, w, b);
        }
        NDArray strided = array(Shape.of(8, 17, 15, 128)).slice(3, 0, 64).transpose(0, 3, 2, 1);
        compare(
                new Convolution(ones, ones, ones, 1, Activation.NONE),
                Dispatch.one(new Convolution(ones, ones, ones, 1, Activation.NONE), strided, w),
                strided,
                w);
        ConvolutionWeightGradient gradient = new ConvolutionWeightGradient(ones, ones, ones, 1, List.of(3L, 3L), true);
        NDArray dy = array(Shape.of(8, 64, 15, 17));
        NDArray[] results = Dispatch.run(gradient, x, dy);
        compare(gradient, results[0], x, dy);
        double[] sums = new double[64];
        float[] values = dy.toFloatArray();
        for (int i = 0; i < values.length; i++) {
            sums[i / (15 * 17) % 64] += values[i];
        }
        assertArrayEquals(sums, results[1].toDoubleArray(), 1e-3);
    }

    /** Batch normalisation, residual and activation of compiled predictions, in the output transform. */
    @Test
    void fusedConvolutionsEqualTheirComposition() {
        NDArray x = array(Shape.of(8, 64, 15, 17));
        NDArray w = array(Shape.of(64, 64, 3, 3)).mul(0.05);
        NDArray scale = array(Shape.of(64)).mul(0.3);
        NDArray shift = array(Shape.of(64));
        List<Long> ones = List.of(1L, 1L);
        assertTrue(isServed(x, w));
        for (Activation activation : Activation.values()) {
            Convolution conv = new Convolution(ones, ones, ones, 1, activation);
            for (NDArray residual :
                    new NDArray[] {array(Shape.of(8, 64, 15, 17)), tensorLike(array(Shape.of(8, 64, 15, 17)))}) {
                FusedConvolution scaled = new FusedConvolution(conv, true, false, null);
                FusedConvolution both = new FusedConvolution(conv, true, true, null);
                FusedConvolution summed = new FusedConvolution(conv, false, true, null);
                compareComposed(scaled, x, w, scale, shift);
                compareComposed(both, x, w, scale, shift, residual);
                compareComposed(summed, x, w, residual);
            }
        }
    }

    private static void compareComposed(FusedConvolution fused, NDArray... inputs) {
        NDArray[] wide = new NDArray[inputs.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = inputs[i].cast(DType.FLOAT64);
        }
        compareValues(
                fused.compose(wide)[0].toDoubleArray(),
                Dispatch.one(fused, inputs).toDoubleArray());
    }

    /** The same values, with neighbouring channels. */
    private static NDArray tensorLike(NDArray x) {
        NDArray copy = channelsLast(x.shape());
        copy.assign(x);
        return copy;
    }

    @Test
    void choiceFollowsFromSizes() {
        assertTrue(WinogradConvolution.pays(3, 32, 32, 32, 64, 64, 32 * 32 * 32));
        assertTrue(WinogradConvolution.pays(3, 8, 7, 7, 512, 512, 8 * 49));
        assertTrue(WinogradConvolution.pays(5, 64, 10, 10, 32, 64, 6400));
        assertFalse(WinogradConvolution.pays(5, 64, 14, 14, 64, 32, 6400));
        assertFalse(WinogradConvolution.pays(3, 32, 32, 32, 3, 16, 32 * 32 * 32));
        assertFalse(WinogradConvolution.pays(3, 1, 7, 7, 512, 512, 49));
    }

    @Test
    void runsHaveTheSameBits() {
        NDArray x = array(Shape.of(7, 64, 30, 31));
        NDArray w = array(Shape.of(64, 64, 3, 3));
        List<Long> ones = List.of(1L, 1L);
        Convolution conv = new Convolution(ones, ones, ones, 1, Activation.NONE);
        ConvolutionWeightGradient gradient = new ConvolutionWeightGradient(ones, ones, ones, 1, List.of(3L, 3L), false);
        NDArray y = Dispatch.one(conv, x, w);
        NDArray dw = Dispatch.one(gradient, x, y);
        for (int run = 0; run < 3; run++) {
            assertArrayEquals(y.toFloatArray(), Dispatch.one(conv, x, w).toFloatArray());
            assertArrayEquals(dw.toFloatArray(), Dispatch.one(gradient, x, y).toFloatArray());
        }
    }

    /** A NaN reaches the outputs of the tiles that it lies in, which are all that a direct sum makes of it and more. */
    @Test
    void nonFiniteElementsStayInTheirTiles() {
        NDArray x = array(Shape.of(4, 64, 24, 24));
        float[] values = x.toFloatArray();
        values[(64 + 5) * 576 + 13 * 24 + 9] = Float.NaN; // image 1, channel 5, row 13, column 9
        values[(128 + 7) * 576] = Float.POSITIVE_INFINITY; // image 2, channel 7, row 0, column 0
        NDArray w = array(Shape.of(64, 64, 3, 3));
        List<Long> ones = List.of(1L, 1L);
        Convolution conv = new Convolution(ones, ones, ones, 1, Activation.RELU);
        NDArray bad = NDArray.of(x.shape(), values);
        assertTrue(isServed(bad, w));
        float[] y = Dispatch.one(conv, bad, w).toFloatArray();
        for (int i = 0; i < y.length; i++) {
            int image = i / (64 * 576);
            int row = i / 24 % 24;
            int column = i % 24;
            boolean near = image == 1 && Math.abs(row - 13) <= 1 && Math.abs(column - 9) <= 1;
            boolean tile = image == 1 && row / 4 == 3 && column / 4 == 2 || image == 2 && row < 4 && column < 4;
            if (near) {
                assertTrue(Float.isNaN(y[i]), "lost at " + i);
            } else if (!tile) {
                assertTrue(Float.isFinite(y[i]), "spread to " + i);
            }
        }
    }

    private static boolean isServed(NDArray x, NDArray w) {
        long n = x.shape().dim(0);
        long height = x.shape().dim(2);
        long width = x.shape().dim(3);
        long out = w.shape().dim(0);
        return WinogradConvolution.pays(
                w.shape().dim(2), n, height, width, w.shape().dim(1), out, n * height * width);
    }

    /** The error relative to the largest result, with the direct sum of float64 as the truth. */
    private static void compare(Operator operator, NDArray got, NDArray... inputs) {
        NDArray[] wide = new NDArray[inputs.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = inputs[i].cast(DType.FLOAT64);
        }
        compareValues(Dispatch.run(operator, wide)[0].toDoubleArray(), got.toDoubleArray());
    }

    private static void compareValues(double[] wanted, double... values) {
        double largest = 0;
        for (double value : wanted) {
            largest = Math.max(largest, Math.abs(value));
        }
        assertEquals(wanted.length, values.length);
        for (int i = 0; i < wanted.length; i++) {
            double error = Math.abs(wanted[i] - values[i]);
            assertTrue(error <= 3e-5 * largest, wanted[i] + " but " + values[i] + " at " + i + ", largest " + largest);
        }
    }

    private static WinogradConvolution convolution(long taps, NDArray covered, long in, long out) {
        return new WinogradConvolution((int) taps, covered.shape().dims(), (int) in, (int) out);
    }

    private static long memory(long bytes) {
        NDArray block = NDArray.empty(Shape.of(bytes), DType.UINT8);
        Memory.fill(block.address(), bytes, (byte) 0xff); // NaN
        return block.address();
    }

    private static NDArray channelsLast(Shape shape) {
        NDArray like = NDArray.zeros(Shape.of(1), DType.FLOAT32);
        return NDArray.empty(like.backend(), shape, DType.FLOAT32, Tensor.channelsLastStrides(shape.dims()));
    }

    /** The memory of images, or of a copy in channels-last order. */
    private static Tensor tensor(NDArray x) {
        Tensor ordered = weights(channelsLast(x.shape()));
        if (x.strides()[1] == 1) {
            return weights(x);
        }
        assertTrue(Reorder.run(weights(x), ordered));
        return ordered;
    }

    private static Tensor weights(NDArray x) {
        return new Tensor(DType.FLOAT32, x.shape().dims(), x.strides(), x.address());
    }

    private NDArray array(Shape shape) {
        float[] values = new float[(int) shape.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return NDArray.of(shape, values);
    }
}
