package io.kiln.opencl;

import static org.jocl.CL.clEnqueueNDRangeKernel;
import static org.jocl.CL.clSetKernelArg;

import io.kiln.backend.Context;
import io.kiln.backend.Storage;
import io.kiln.kernels.Changing;
import io.kiln.kernels.DeviceKernel;
import io.kiln.ndarray.NDArray;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_command_queue;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;

/**
 * A kernel. Its arguments are set and it is enqueued under one lock, as OpenCL keeps the arguments in the kernel.
 *
 * <p>Concurrency: thread-safe.
 */
final class KernelHandle implements DeviceKernel {
    private final OpenClBackend backend;
    private final String name;
    private final cl_kernel kernel;

    KernelHandle(OpenClBackend backend, String name, cl_kernel kernel) {
        this.backend = backend;
        this.name = name;
        this.kernel = kernel;
    }

    @Override
    public void run(long[] global, long[] local, Object... arguments) {
        OpenClQueue queue = (OpenClQueue) Context.current().queue(backend);
        backend.counters().countLaunch();
        synchronized (this) {
            for (int i = 0; i < arguments.length; i++) {
                set(i, arguments[i] instanceof Changing c ? c.value() : arguments[i]);
            }
            queue.submit(name, q -> enqueue(q, global, local));
        }
        for (Object argument : arguments) {
            if (argument instanceof NDArray x) {
                queue.used(x.storage());
            } else if (argument instanceof Storage s) {
                queue.used(s);
            }
        }
    }

    private int enqueue(cl_command_queue queue, long[] global, long[] local) {
        return clEnqueueNDRangeKernel(queue, kernel, global.length, null, global, local, 0, null, null);
    }

    private void set(int index, Object argument) {
        int status;
        if (argument instanceof NDArray x) {
            status = set(index, backend.buffer(x.storage()));
        } else if (argument instanceof Storage s) {
            status = set(index, backend.buffer(s));
        } else if (argument instanceof ConstantBuffer constant) {
            status = set(index, constant.buffer());
        } else if (argument instanceof long[] numbers) {
            status = clSetKernelArg(kernel, index, (long) Long.BYTES * numbers.length, Pointer.to(numbers));
        } else if (argument instanceof float[] numbers) {
            status = clSetKernelArg(kernel, index, (long) Float.BYTES * numbers.length, Pointer.to(numbers));
        } else if (argument instanceof double[] numbers) {
            status = clSetKernelArg(kernel, index, (long) Double.BYTES * numbers.length, Pointer.to(numbers));
        } else if (argument instanceof Integer number) {
            status = clSetKernelArg(kernel, index, Integer.BYTES, Pointer.to(new int[] {number}));
        } else if (argument instanceof Long number) {
            status = clSetKernelArg(kernel, index, Long.BYTES, Pointer.to(new long[] {number}));
        } else {
            throw new IllegalArgumentException("opencl: kernel " + name + " cannot be given " + argument);
        }
        if (status != CL.CL_SUCCESS) {
            Status.check(status, "clSetKernelArg " + index + " of " + name);
        }
    }

    private int set(int index, cl_mem buffer) {
        return clSetKernelArg(kernel, index, Sizeof.cl_mem, Pointer.to(buffer));
    }
}
