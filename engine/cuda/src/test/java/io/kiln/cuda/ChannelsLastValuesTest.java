package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Device;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.internal.AvgPoolGradient;
import io.kiln.op.internal.BatchNormGradient;
import io.kiln.op.internal.ConvolutionWeightGradient;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Arrays of 16 bits with channels last give the processor's numbers, by whatever of cuDNN serves them; sizes are those of tensor cores. Also
 * for a real GPU, as it counts nothing.
 */
class ChannelsLastValuesTest {
    private static final List<Long> ONE = List.of(1L, 1L);
    private static final List<Long> TWO = List.of(2L, 2L);
    private static final List<Long> THREE = List.of(3L, 3L);

    private final Device device = RequiresCuda.device().device();

    private static NDArray numbers(DType dtype, long seed, long... dims) {
        return CudnnTest.numbers(Device.cpu(), dtype, seed, dims);
    }

    private void compare(double tolerance, Operator operator, NDArray... here) {
        NDArray[] there = Arrays.stream(here)
                .map(x -> x.to(device))
                .map(x -> x.shape().rank() == 4 ? x.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2) : x)
                .toArray(NDArray[]::new);
        NDArray[] expected = Dispatch.run(operator, here);
        NDArray[] got = Dispatch.run(operator, there);
        for (int k = 0; k < expected.length; k++) {
            assertArrayEquals(
                    expected[k].toDoubleArray(), got[k].toDoubleArray(), tolerance, operator + ", output " + k);
        }
    }

    @ParameterizedTest
    @CsvSource({"FLOAT16, 0.03", "BFLOAT16, 0.25"})
    void convolutionsAndTheirGradients(DType dtype, double tolerance) {
        try (Scope scope = Scope.open()) {
            NDArray x = numbers(dtype, 1, 4, 16, 9, 8);
            NDArray w = numbers(dtype, 2, 32, 16, 3, 3);
            NDArray dy = numbers(dtype, 3, 4, 32, 5, 4);
            compare(tolerance, new Convolution(TWO, ONE, ONE, 1, Activation.NONE), x, w);
            compare(tolerance, new ConvolutionTranspose(TWO, ONE, List.of(0L, 1L), ONE, 1), dy, w);
            compare(tolerance, new ConvolutionWeightGradient(TWO, ONE, ONE, 1, THREE, false), x, dy);
        }
    }

    @ParameterizedTest
    @CsvSource({"FLOAT16, 0.01", "BFLOAT16, 0.06"})
    void batchNormalizationAndPooling(DType dtype, double tolerance) {
        try (Scope scope = Scope.open()) {
            NDArray[] in = {
                numbers(dtype, 1, 4, 16, 9, 8),
                numbers(DType.FLOAT32, 2, 16),
                numbers(DType.FLOAT32, 3, 16),
                numbers(DType.FLOAT32, 4, 16),
                numbers(DType.FLOAT32, 5, 16).add(2)
            };
            BatchNormOp norm = new BatchNormOp(1e-3, 0.8);
            compare(tolerance, norm, in);
            NDArray[] out;
            try (Autograd.Mode mode = Autograd.trainMode()) {
                compare(tolerance, norm, in);
                out = Dispatch.run(norm, in);
            }
            NDArray dy = numbers(dtype, 9, 4, 16, 9, 8);
            compare(8 * tolerance, new BatchNormGradient(1e-3, true), dy, in[0], in[1], out[3], out[4]);
            compare(tolerance, new AvgPool(THREE, TWO, ONE, false), in[0]);
            NDArray pooled = numbers(dtype, 6, 4, 16, 5, 4);
            compare(tolerance, new AvgPoolGradient(THREE, TWO, ONE, false, List.of(9L, 8L)), pooled);
        }
    }
}
