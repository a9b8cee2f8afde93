package io.kiln.cuda;

import static jcuda.jcublas.JCublas2.cublasCreate;
import static jcuda.jcublas.JCublas2.cublasDestroy;
import static jcuda.jcublas.JCublas2.cublasGemmStridedBatchedEx_new;
import static jcuda.jcublas.JCublas2.cublasGetProperty;
import static jcuda.jcublas.JCublas2.cublasSetMathMode;
import static jcuda.jcublas.JCublas2.cublasSetStream;
import static jcuda.jcublas.JCublas2.cublasSetWorkspace;

import io.kiln.backend.Storage;
import io.kiln.ndarray.DType;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.driver.CUstream;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.runtime.cudaStream_t;

/**
 * cuBLAS for one queue, with a workspace of its own: results are then the same each time, and calls can be captured.
 * Belongs to the queue, under whose lock it is used.
 */
final class Products {
    /** Whether float32 is multiplied as TF32, with 10 bits of fraction. */
    static final String TF32_PROPERTY = "kiln.cuda.tf32";

    private static final int HOPPER = 90;
    private static final long WORKSPACE = 8L << 20;
    private static final long WORKSPACE_OF_HOPPER = 32L << 20;

    private final cublasHandle handle = new cublasHandle();
    private final Storage workspace;
    private final boolean tf32 = Boolean.getBoolean(TF32_PROPERTY);
    private final Pointer[] one = {Pointer.to(new float[] {1}), Pointer.to(new double[] {1})};
    private final Pointer[] zero = {Pointer.to(new float[] {0}), Pointer.to(new double[] {0})};

    /**
     * Opens cuBLAS.
     *
     * @param workspace from {@link #newWorkspace}, which it takes over
     */
    Products(CUstream stream, Storage workspace) {
        this.workspace = workspace;
        Status.checkProducts(cublasCreate(handle), "cublasCreate");
        Status.checkProducts(cublasSetStream(handle, new cudaStream_t(stream)), "cublasSetStream");
        Status.checkProducts(
                cublasSetWorkspace(handle, new DevicePointer(DeviceMemory.address(workspace)), workspace.bytes()),
                "cublasSetWorkspace");
        // 16-bit products are added up in float32 throughout.
        Status.checkProducts(
                cublasSetMathMode(handle, cublasMath.CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION),
                "cublasSetMathMode");
    }

    /** What it needs beside the matrices; not to be asked for under the lock of a queue. */
    static Storage newWorkspace(CudaBackend backend) {
        long bytes = backend.cudaDevice().capability() >= HOPPER ? WORKSPACE_OF_HOPPER : WORKSPACE;
        return backend.allocator().allocate(backend, bytes);
    }

    /** The library's version; it needs no device. */
    static String version() {
        int[] parts = new int[3];
        for (int i = 0; i < parts.length; i++) {
            int[] value = new int[1];
            Status.checkProducts(cublasGetProperty(i, value), "cublasGetProperty");
            parts[i] = value[0];
        }
        return parts[0] + "." + parts[1] + "." + parts[2];
    }

    /**
     * One matrix of a product.
     *
     * @param address its first element
     * @param transposed whether its columns, not its rows, are contiguous
     * @param step elements from one row, or column, to the next
     * @param batch elements from one matrix to the next
     */
    record Matrix(long address, boolean transposed, long step, long batch) {}

    /**
     * Products of row-major matrices, y = a b.
     *
     * @param dtype of all three
     * @param rows of y
     * @param columns of y
     * @param inner columns of a
     * @param batches how many
     */
    record Call(DType dtype, int rows, int columns, int inner, int batches, Matrix a, Matrix b, Matrix y) {}

    /**
     * Gives the products to the stream. cuBLAS has columns first: it is asked for the transposed product, b before a.
     */
    void run(Call c) {
        int wide = c.dtype == DType.FLOAT64 ? 1 : 0;
        int type = type(c.dtype);
        Status.checkProducts(
                cublasGemmStridedBatchedEx_new(
                        handle,
                        operation(c.b),
                        operation(c.a),
                        c.columns,
                        c.rows,
                        c.inner,
                        one[wide],
                        new DevicePointer(c.b.address),
                        type,
                        (int) c.b.step,
                        c.b.batch,
                        new DevicePointer(c.a.address),
                        type,
                        (int) c.a.step,
                        c.a.batch,
                        zero[wide],
                        new DevicePointer(c.y.address),
                        type,
                        (int) c.y.step,
                        c.y.batch,
                        c.batches,
                        computeType(c.dtype),
                        cublasGemmAlgo.CUBLAS_GEMM_DEFAULT),
                "cublasGemmStridedBatchedEx of " + c);
    }

    private static int operation(Matrix m) {
        return m.transposed ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
    }

    private static int type(DType dtype) {
        return switch (dtype) {
            case FLOAT16 -> cudaDataType.CUDA_R_16F;
            case BFLOAT16 -> cudaDataType.CUDA_R_16BF;
            case FLOAT64 -> cudaDataType.CUDA_R_64F;
            default -> cudaDataType.CUDA_R_32F;
        };
    }

    private int computeType(DType dtype) {
        if (dtype == DType.FLOAT64) {
            return cublasComputeType.CUBLAS_COMPUTE_64F;
        }
        return dtype == DType.FLOAT32 && tf32
                ? cublasComputeType.CUBLAS_COMPUTE_32F_FAST_TF32
                : cublasComputeType.CUBLAS_COMPUTE_32F;
    }

    /** What its calls use beside the matrices. */
    Storage workspace() {
        return workspace;
    }

    void close() {
        Status.checkProducts(cublasDestroy(handle), "cublasDestroy");
        workspace.release();
    }
}
