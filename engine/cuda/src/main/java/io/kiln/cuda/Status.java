package io.kiln.cuda;

import io.kiln.backend.OutOfDeviceMemoryException;
import jcuda.driver.CUresult;
import jcuda.jcublas.cublasStatus;
import jcuda.jcudnn.JCudnn;
import jcuda.nvrtc.JNvrtc;

/** Turns the status codes of CUDA into exceptions. Those of calls that use a device's context go to {@link CudaDevice#check}. */
final class Status {
    /** {@code CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED} of cuDNN 9. JCuda has the names of cuDNN 8, whose numbers were others. */
    private static final int CUDNN_ALLOCATION_FAILED = 4004;

    private Status() {}

    /** Checks what a call of the driver has returned that needs no context. */
    static void check(int code, String call) {
        if (code != CUresult.CUDA_SUCCESS) {
            throw failure("cuda", code, call);
        }
    }

    /** The exception for a code after which the device can be used. */
    static RuntimeException failure(String device, int code, String call) {
        String message = device + ": " + call + " failed: " + CUresult.stringFor(code);
        return code == CUresult.CUDA_ERROR_OUT_OF_MEMORY ? outOfMemory(message) : new IllegalStateException(message);
    }

    /** For memory that CUDA and its libraries take for themselves, outside the budget. */
    private static OutOfDeviceMemoryException outOfMemory(String message) {
        return new OutOfDeviceMemoryException(message
                + "; arrays and other processes leave CUDA itself too little memory: lower -D" + MemoryLimit.PROPERTY
                + " or -D" + MemoryLimit.FRACTION + ", or end other processes on the device");
    }

    /**
     * Whether each later call in the context returns the same, so that this process cannot use the device any more. {@code
     * CUDA_ERROR_UNKNOWN} counts as such: drivers return it for a device that does not answer.
     */
    static boolean isSticky(int code) {
        return switch (code) {
            case CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE,
                    CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE,
                    CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED,
                    CUresult.CUDA_ERROR_ASSERT,
                    CUresult.CUDA_ERROR_MPS_CLIENT_TERMINATED,
                    CUresult.CUDA_ERROR_EXTERNAL_DEVICE,
                    CUresult.CUDA_ERROR_UNKNOWN,
                    CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
                    CUresult.CUDA_ERROR_LAUNCH_FAILED,
                    CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
                    CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
                    CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
                    CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
                    CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
                    CUresult.CUDA_ERROR_INVALID_PC,
                    CUresult.CUDA_ERROR_ECC_UNCORRECTABLE -> true;
            default -> false;
        };
    }

    /** Checks what a call of NVRTC has returned. */
    static void checkCompiler(int code, String call) {
        if (code != 0) {
            throw new IllegalStateException("cuda: " + call + " failed: " + JNvrtc.nvrtcGetErrorString(code));
        }
    }

    /** Checks what a call of cuBLAS has returned. */
    static void checkProducts(int code, String call) {
        if (code != cublasStatus.CUBLAS_STATUS_SUCCESS) {
            String message = "cuda: " + call + " failed: " + cublasStatus.stringFor(code);
            throw code == cublasStatus.CUBLAS_STATUS_ALLOC_FAILED
                    ? outOfMemory(message)
                    : new IllegalStateException(message);
        }
    }

    /** Checks what a call of cuDNN has returned. */
    static void checkCudnn(int code, String call) {
        if (code != 0) {
            String message = "cuda: " + call + " failed: " + JCudnn.cudnnGetErrorString(code);
            throw code == CUDNN_ALLOCATION_FAILED
                    ? outOfMemory(message)
                    : isRefusal(code) ? new CudnnRefusal(message) : new IllegalStateException(message);
        }
    }

    /** Those of {@code CUDNN_STATUS_BAD_PARAM} and {@code CUDNN_STATUS_NOT_SUPPORTED}: cuDNN 9 has a thousand numbers for each kind. */
    private static boolean isRefusal(int code) {
        return code / 1000 == 2 || code / 1000 == 3;
    }

    /** cuDNN does not compute this: the arguments decide, and it will say so again. */
    static final class CudnnRefusal extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        private CudnnRefusal(String message) {
            super(message);
        }
    }
}
