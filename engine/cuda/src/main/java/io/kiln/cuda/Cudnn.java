package io.kiln.cuda;

import static jcuda.jcudnn.JCudnn.cudnnCreate;
import static jcuda.jcudnn.JCudnn.cudnnCreateTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroy;
import static jcuda.jcudnn.JCudnn.cudnnSetStream;
import static jcuda.jcudnn.JCudnn.cudnnSetTensorNdDescriptor;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import java.util.List;
import java.util.stream.LongStream;
import jcuda.Pointer;
import jcuda.driver.CUstream;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnMathType;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.runtime.cudaStream_t;

/** cuDNN for one queue, under whose lock it is used. */
final class Cudnn {
    private final cudnnHandle handle = new cudnnHandle();
    private final Pointer[] one = {Pointer.to(new float[] {1}), Pointer.to(new double[] {1})};
    private final Pointer[] zero = {Pointer.to(new float[] {0}), Pointer.to(new double[] {0})};
    private final Convolutions convolutions;
    private final AveragePools pools = new AveragePools(this);
    private final BatchNorms norms = new BatchNorms(this);
    private final Recurrences recurrences = new Recurrences(this);

    Cudnn(CudaQueue queue, CUstream stream) {
        Status.checkCudnn(cudnnCreate(handle), "cudnnCreate");
        Status.checkCudnn(cudnnSetStream(handle, new cudaStream_t(stream)), "cudnnSetStream");
        convolutions = new Convolutions(queue, this);
    }

    /** cuDNN's number of a dtype. */
    static int type(DType dtype) {
        return switch (dtype) {
            case FLOAT64 -> cudnnDataType.CUDNN_DATA_DOUBLE;
            case FLOAT16 -> cudnnDataType.CUDNN_DATA_HALF;
            case BFLOAT16 -> cudnnDataType.CUDNN_DATA_BFLOAT16;
            default -> cudnnDataType.CUDNN_DATA_FLOAT;
        };
    }

    /** A descriptor of an array without gaps, row-major or with channels, the second axis, last. */
    static cudnnTensorDescriptor tensor(int type, List<Integer> dims, boolean channelsLast) {
        cudnnTensorDescriptor t = new cudnnTensorDescriptor();
        Status.checkCudnn(cudnnCreateTensorDescriptor(t), "cudnnCreateTensorDescriptor");
        Shape shape = Shape.of(dims.stream().mapToLong(Integer::longValue).toArray());
        long[] wide = channelsLast ? shape.channelsLastStrides() : shape.contiguousStrides();
        int[] strides = LongStream.of(wide).mapToInt(Math::toIntExact).toArray();
        Status.checkCudnn(
                cudnnSetTensorNdDescriptor(t, type, dims.size(), ints(dims), strides),
                "cudnnSetTensorNdDescriptor of " + dims);
        return t;
    }

    /** Types of 16 bits go to tensor cores; float32 only where TF32 is allowed. */
    static int math(int type) {
        boolean narrow = type != cudnnDataType.CUDNN_DATA_FLOAT && type != cudnnDataType.CUDNN_DATA_DOUBLE;
        return narrow
                ? cudnnMathType.CUDNN_TENSOR_OP_MATH
                : Boolean.getBoolean(Products.TF32_PROPERTY)
                        ? cudnnMathType.CUDNN_DEFAULT_MATH
                        : cudnnMathType.CUDNN_FMA_MATH;
    }

    static int[] ints(List<Integer> values) {
        return values.stream().mapToInt(Integer::intValue).toArray();
    }

    cudnnHandle handle() {
        return handle;
    }

    /** 1 in the type of scale factors of arrays of a type. */
    Pointer one(int type) {
        return one[isWide(type)];
    }

    /** 0 in the type of scale factors of arrays of a type. */
    Pointer zero(int type) {
        return zero[isWide(type)];
    }

    private static int isWide(int type) {
        return type == cudnnDataType.CUDNN_DATA_DOUBLE ? 1 : 0;
    }

    Convolutions convolutions() {
        return convolutions;
    }

    AveragePools pools() {
        return pools;
    }

    BatchNorms norms() {
        return norms;
    }

    Recurrences recurrences() {
        return recurrences;
    }

    void close() {
        recurrences.close();
        pools.close();
        norms.close();
        convolutions.close();
        Status.checkCudnn(cudnnDestroy(handle), "cudnnDestroy");
        convolutions.releaseWorkspace();
    }
}
