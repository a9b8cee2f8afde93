package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.Activation;
import io.kiln.op.internal.ConvolutionWeightGradient;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Convolutions by cuDNN equal the CPU's, and their algorithms are chosen once. */
class ConvolutionsTest extends CudnnTest {
    @Test
    void theyEqualTheProcessors() {
        Convolution flat = new Convolution(List.of(2L, 1L), List.of(1L, 2L), List.of(1L, 2L), 2, Activation.RELU);
        compare(1e-5, DType.FLOAT32, flat, dims(3, 4, 9, 8), dims(6, 2, 3, 3), dims(6));
        compare(1e-12, DType.FLOAT64, flat, dims(3, 4, 9, 8), dims(6, 2, 3, 3), dims(6));
        compare(2e-1, DType.BFLOAT16, flat, dims(3, 4, 9, 8), dims(6, 2, 3, 3), dims(6));
        compare(2e-2, DType.FLOAT16, flat, dims(3, 4, 9, 8), dims(6, 2, 3, 3), dims(6));
        compare(
                1e-5,
                DType.FLOAT32,
                new Convolution(List.of(2L), List.of(1L), List.of(1L), 1, Activation.NONE),
                dims(2, 3, 11),
                dims(5, 3, 4));
        compare(
                1e-5,
                DType.FLOAT32,
                new Convolution(List.of(1L, 2L, 1L), List.of(0L, 1L, 0L), List.of(1L, 1L, 1L), 1, Activation.TANH),
                dims(2, 2, 4, 5, 3),
                dims(3, 2, 2, 3, 2),
                dims(3));
        assertEquals(6, driver.count("convolutions"));
        assertEquals(0, driver.count("cudnn_nondeterministic"));
    }

    @Test
    void soDoTheirGradients() {
        compare(
                1e-5,
                DType.FLOAT32,
                new ConvolutionTranspose(List.of(2L, 2L), List.of(1L, 0L), List.of(1L, 0L), List.of(1L, 1L), 2),
                dims(2, 4, 4, 3),
                dims(4, 3, 3, 2),
                dims(6));
        compare(
                1e-4,
                DType.FLOAT32,
                new ConvolutionWeightGradient(
                        List.of(1L, 1L), List.of(1L, 1L), List.of(1L, 1L), 1, List.of(3L, 3L), true),
                dims(2, 3, 6, 5),
                dims(2, 4, 6, 5));
        assertEquals(1, driver.count("cudnnConvolutionBackwardData"));
        assertEquals(1, driver.count("cudnnConvolutionBackwardFilter"));
        assertEquals(0, driver.count("cudnn_nondeterministic"));
    }

    /** cuDNN also measures algorithms without tensor cores, with a workspace that is too small for them. */
    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void thoseOfNarrowTypesAreForTensorCores(DType dtype) {
        compare(
                2e-1,
                dtype,
                new Convolution(List.of(1L, 1L), List.of(0L, 0L), List.of(1L, 1L), 1, Activation.NONE),
                dims(3, 3, 5, 7),
                dims(2, 3, 3, 3));
        compare(
                2e-1,
                dtype,
                new ConvolutionTranspose(List.of(1L, 1L), List.of(0L, 0L), List.of(0L, 0L), List.of(1L, 1L), 1),
                dims(3, 2, 3, 5),
                dims(2, 3, 3, 3));
        compare(
                2e-1,
                dtype,
                new ConvolutionWeightGradient(
                        List.of(1L, 1L), List.of(0L, 0L), List.of(1L, 1L), 1, List.of(3L, 3L), false),
                dims(3, 3, 5, 7),
                dims(3, 2, 3, 5));
        assertEquals(3, driver.count("convolutions"));
        assertEquals(3, driver.count("tensor_op_math"));
    }

    @Test
    void widerTypesAreNot() {
        Convolution plain = new Convolution(List.of(1L, 1L), List.of(0L, 0L), List.of(1L, 1L), 1, Activation.NONE);
        compare(1e-5, DType.FLOAT32, plain, dims(3, 3, 5, 7), dims(2, 3, 3, 3));
        compare(1e-12, DType.FLOAT64, plain, dims(3, 3, 5, 7), dims(2, 3, 3, 3));
        assertEquals(2, driver.count("convolutions"));
        assertEquals(0, driver.count("tensor_op_math"));
    }

    @Test
    void anAlgorithmIsChosenOncePerShape() {
        Convolution plain = new Convolution(List.of(1L, 1L), List.of(0L, 0L), List.of(1L, 1L), 1, Activation.NONE);
        NDArray w = numbers(device, DType.FLOAT32, 1, 2, 3, 3, 3);
        for (int i = 0; i < 3; i++) {
            Dispatch.one(plain, numbers(device, DType.FLOAT32, i, 5, 3, 7, 7), w);
        }
        assertEquals(1, driver.count("cudnnFind"));
        Dispatch.one(plain, numbers(device, DType.FLOAT32, 1, 5, 3, 7, 8), w);
        assertEquals(2, driver.count("cudnnFind"));
    }
}
