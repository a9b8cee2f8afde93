// SPDX-License-Identifier: Apache-2.0
package io.kiln.cuda.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.function.IntSupplier;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;

/** A context of its own on device 0, and the few calls that the tests of the driver share. */
final class Device implements AutoCloseable {
    private static final int NON_BLOCKING = 1;

    private final CUcontext context = new CUcontext();

    Device() {
        check(JCudaDriver.cuInit(0));
        check(JCudaDriver.cuCtxCreate(context, 0, device()));
        check(JCudaDriver.cuCtxSetCurrent(context));
    }

    private static CUdevice device() {
        CUdevice device = new CUdevice();
        check(JCudaDriver.cuDeviceGet(device, 0));
        return device;
    }

    static void check(int code) {
        if (code != CUresult.CUDA_SUCCESS) {
            throw new AssertionError(CUresult.stringFor(code));
        }
    }

    static CUstream stream() {
        CUstream stream = new CUstream();
        check(JCudaDriver.cuStreamCreate(stream, NON_BLOCKING));
        return stream;
    }

    static CUdeviceptr allocate(long bytes) {
        CUdeviceptr block = new CUdeviceptr();
        check(JCudaDriver.cuMemAlloc(block, bytes));
        return block;
    }

    static CUdeviceptr upload(float... values) {
        CUdeviceptr block = allocate(4L * values.length);
        check(JCudaDriver.cuMemcpyHtoD(block, Pointer.to(values), 4L * values.length));
        return block;
    }

    static float[] download(CUdeviceptr block, int size) {
        float[] values = new float[size];
        check(JCudaDriver.cuMemcpyDtoH(Pointer.to(values), block, 4L * size));
        return values;
    }

    /** Pinned host memory as floats. */
    static Pinned pinned(int size) {
        Pointer pointer = new Pointer();
        check(JCudaDriver.cuMemHostAlloc(pointer, 4L * size, 0));
        ByteBuffer bytes = pointer.getByteBuffer(0, 4L * size);
        return new Pinned(pointer, bytes.order(ByteOrder.nativeOrder()).asFloatBuffer());
    }

    record Pinned(Pointer pointer, FloatBuffer floats) {}

    /** Compiles a source for the device; the log if that fails. */
    static byte[] compile(String source, String... options) {
        nvrtcProgram program = new nvrtcProgram();
        JNvrtc.nvrtcCreateProgram(program, source, "test.cu", 0, null, null);
        int code = JNvrtc.nvrtcCompileProgram(program, options.length, options);
        String[] log = new String[1];
        JNvrtc.nvrtcGetProgramLog(program, log);
        if (code != 0) {
            throw new IllegalArgumentException(log[0]);
        }
        long[] size = new long[1];
        JNvrtc.nvrtcGetCUBINSize(program, size);
        byte[] code90 = new byte[Math.toIntExact(size[0])];
        JNvrtc.nvrtcGetCUBIN(program, code90);
        JNvrtc.nvrtcDestroyProgram(program);
        return code90;
    }

    static CUfunction kernel(String name, String source) {
        CUmodule module = new CUmodule();
        check(JCudaDriver.cuModuleLoadData(module, compile(source, "--gpu-architecture=sm_90")));
        CUfunction function = new CUfunction();
        check(JCudaDriver.cuModuleGetFunction(function, module, name));
        return function;
    }

    static int launch(
            CUfunction kernel, int blocks, int threads, int shared, CUstream stream, NativePointerObject... arguments) {
        return JCudaDriver.cuLaunchKernel(
                kernel, blocks, 1, 1, threads, 1, 1, shared, stream, Pointer.to(arguments), null);
    }

    /** The code of a call that fails, as CUDA names it. */
    static String failure(IntSupplier call) {
        return CUresult.stringFor(call.getAsInt());
    }

    @Override
    public void close() {
        JCudaDriver.cuCtxDestroy(context);
        JCudaDriver.cuCtxPopCurrent(new CUcontext());
    }
}
