package io.kiln.cuda.driver;

import static jcuda.jcudnn.JCudnn.cudnnCreate;
import static jcuda.jcudnn.JCudnn.cudnnCreateDropoutDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateRNNDataDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateRNNDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroy;
import static jcuda.jcudnn.JCudnn.cudnnGetRNNTempSpaceSizes;
import static jcuda.jcudnn.JCudnn.cudnnGetRNNWeightParams;
import static jcuda.jcudnn.JCudnn.cudnnGetRNNWeightSpaceSize;
import static jcuda.jcudnn.JCudnn.cudnnRNNBackwardData_v8;
import static jcuda.jcudnn.JCudnn.cudnnRNNForward;
import static jcuda.jcudnn.JCudnn.cudnnSetDropoutDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetRNNDataDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetRNNDescriptor_v8;
import static jcuda.jcudnn.JCudnn.cudnnSetTensorNdDescriptor;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnDropoutDescriptor;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnRNNDataDescriptor;
import jcuda.jcudnn.cudnnRNNDescriptor;
import jcuda.jcudnn.cudnnTensorDescriptor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The test's cuDNN refuses recurrent layers that are described wrongly. */
class RecurrentDriverTest {
    private static final int BAD_PARAM = 2000;
    private static final int NOT_SUPPORTED = 3000;
    private static final int STEPS = 2;
    private static final int ROWS = 3;
    private static final int INPUT = 4;
    private static final int HIDDEN = 5;
    private static final int LSTM = 2;
    private static final int GRU = 3;

    private Device device;
    private final cudnnHandle handle = new cudnnHandle();
    private final cudnnRNNDescriptor layer = new cudnnRNNDescriptor();
    private final cudnnRNNDataDescriptor x = new cudnnRNNDataDescriptor();
    private final cudnnRNNDataDescriptor y = new cudnnRNNDataDescriptor();
    private final cudnnDropoutDescriptor dropout = new cudnnDropoutDescriptor();
    private final cudnnTensorDescriptor h = new cudnnTensorDescriptor();

    @BeforeEach
    void open() {
        assumeTrue(TestDriver.isBuildable(), "the test driver needs g++: apt-get install g++");
        TestDriver.load();
        JCudaDriver.setExceptionsEnabled(false);
        JCudnn.setExceptionsEnabled(false);
        device = new Device();
        cudnnCreate(handle);
        cudnnCreateRNNDescriptor(layer);
        cudnnCreateRNNDataDescriptor(x);
        cudnnCreateRNNDataDescriptor(y);
        cudnnCreateDropoutDescriptor(dropout);
        cudnnCreateTensorDescriptor(h);
        cudnnSetTensorNdDescriptor(h, 0, 3, new int[] {1, ROWS, HIDDEN}, new int[] {ROWS * HIDDEN, HIDDEN, 1});
    }

    @AfterEach
    void close() {
        cudnnDestroy(handle);
        device.close();
    }

    private int describe(int mode, int bias, int state) {
        cudnnSetDropoutDescriptor(dropout, handle, 0, new Pointer(), 0, 0);
        return cudnnSetRNNDescriptor_v8(layer, 0, mode, bias, 0, 0, 0, 0, 3, INPUT, HIDDEN, state, 1, dropout, 0);
    }

    private static int describe(cudnnRNNDataDescriptor sequence, int layout, int width, int length) {
        int[] lengths = new int[ROWS];
        Arrays.fill(lengths, length);
        return cudnnSetRNNDataDescriptor(sequence, 0, layout, STEPS, ROWS, width, lengths, null);
    }

    @Test
    void whatIsNotDescribedIsRefused() {
        assertEquals(BAD_PARAM, cudnnGetRNNWeightSpaceSize(handle, layer, new long[1]));
        assertEquals(
                BAD_PARAM,
                cudnnSetRNNDescriptor_v8(layer, 0, LSTM, 2, 0, 0, 0, 0, 3, INPUT, HIDDEN, HIDDEN, 1, dropout, 0),
                "dropout is not described");
        assertEquals(0, describe(LSTM, 2, HIDDEN));
        assertEquals(BAD_PARAM, cudnnGetRNNTempSpaceSizes(handle, layer, 1, x, new long[1], new long[1]));
        assertEquals(0, describe(x, 1, INPUT + 1, STEPS));
        assertEquals(
                BAD_PARAM,
                cudnnGetRNNTempSpaceSizes(handle, layer, 1, x, new long[1], new long[1]),
                "inputs of another size");
    }

    @Test
    void whatItDoesNotKnowIsRefused() {
        assertEquals(NOT_SUPPORTED, describe(LSTM, 1, HIDDEN), "one bias");
        assertEquals(BAD_PARAM, describe(LSTM, 2, HIDDEN + 1), "a projection that widens");
        assertEquals(BAD_PARAM, describe(GRU, 2, HIDDEN - 1), "a projection of a GRU");
        assertEquals(NOT_SUPPORTED, describe(x, 0, INPUT, STEPS), "a padded sequence");
        assertEquals(NOT_SUPPORTED, describe(x, 1, INPUT, STEPS - 1), "rows that end before the last step");
    }

    @Test
    void spacesOfWrongSizesAreRefused() {
        assertEquals(0, describe(GRU, 2, HIDDEN));
        assertEquals(0, describe(x, 1, INPUT, STEPS));
        assertEquals(0, describe(y, 1, HIDDEN, STEPS));
        long[] weights = new long[1];
        long[] workspace = new long[1];
        long[] reserve = new long[1];
        assertEquals(0, cudnnGetRNNWeightSpaceSize(handle, layer, weights));
        assertEquals(4L * 3 * (HIDDEN * (INPUT + HIDDEN) + 2 * HIDDEN), weights[0]);
        assertEquals(0, cudnnGetRNNTempSpaceSizes(handle, layer, 1, x, workspace, reserve));
        CUdeviceptr memory = new CUdeviceptr();
        assertEquals(0, JCudaDriver.cuMemAlloc(memory, 1 << 16));
        assertEquals(0, forward(memory, weights[0], workspace[0], reserve[0]));
        assertEquals(BAD_PARAM, forward(memory, weights[0] - 4, workspace[0], reserve[0]));
        assertEquals(BAD_PARAM, forward(memory, weights[0], workspace[0] - 1, reserve[0]));
        assertEquals(BAD_PARAM, forward(memory, weights[0], workspace[0], reserve[0] - 1));
        cudnnTensorDescriptor matrix = new cudnnTensorDescriptor();
        cudnnTensorDescriptor bias = new cudnnTensorDescriptor();
        cudnnCreateTensorDescriptor(matrix);
        cudnnCreateTensorDescriptor(bias);
        assertEquals(
                BAD_PARAM,
                cudnnGetRNNWeightParams(
                        handle,
                        layer,
                        0,
                        weights[0] + 4,
                        memory,
                        0,
                        matrix,
                        new CUdeviceptr(),
                        bias,
                        new CUdeviceptr()));
        assertEquals(0, JCudaDriver.cuCtxSynchronize());
    }

    /** The gradient overwrites what it was given; a second one of it fails, as do those of a layer that only predicted. */
    @Test
    void aReserveServesOneGradient() {
        assertEquals(0, describe(GRU, 2, HIDDEN));
        assertEquals(0, describe(x, 1, INPUT, STEPS));
        assertEquals(0, describe(y, 1, HIDDEN, STEPS));
        CUdeviceptr memory = new CUdeviceptr();
        assertEquals(0, JCudaDriver.cuMemAlloc(memory, 1 << 16));
        long[] weights = new long[1];
        long[] workspace = new long[1];
        long[] reserve = new long[1];
        cudnnGetRNNWeightSpaceSize(handle, layer, weights);
        cudnnGetRNNTempSpaceSizes(handle, layer, 1, x, workspace, reserve);
        forward(memory, weights[0], workspace[0], reserve[0]);
        assertEquals(0, backward(memory, weights[0], workspace[0], reserve[0]));
        assertEquals(0, JCudaDriver.cuCtxSynchronize());
        assertEquals(0, backward(memory, weights[0], workspace[0], reserve[0]));
        assertNotEquals(0, JCudaDriver.cuCtxSynchronize());
    }

    private static final long PART = 1 << 13;

    private static Pointer at(CUdeviceptr memory, int part) {
        return memory.withByteOffset(part * PART);
    }

    private int forward(CUdeviceptr memory, long weights, long workspace, long reserve) {
        return cudnnRNNForward(
                handle,
                layer,
                1,
                null,
                x,
                at(memory, 0),
                y,
                at(memory, 1),
                h,
                null,
                null,
                null,
                null,
                null,
                weights,
                at(memory, 2),
                workspace,
                at(memory, 3),
                reserve,
                at(memory, 4));
    }

    private int backward(CUdeviceptr memory, long weights, long workspace, long reserve) {
        return cudnnRNNBackwardData_v8(
                handle,
                layer,
                null,
                y,
                at(memory, 1),
                at(memory, 1),
                x,
                at(memory, 0),
                h,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                weights,
                at(memory, 2),
                workspace,
                at(memory, 3),
                reserve,
                at(memory, 4));
    }
}
