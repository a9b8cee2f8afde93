package io.kiln.opencl;

import static org.jocl.CL.CL_MEM_COPY_HOST_PTR;
import static org.jocl.CL.CL_MEM_READ_ONLY;
import static org.jocl.CL.clCreateBuffer;
import static org.jocl.CL.clReleaseMemObject;

import java.lang.ref.Cleaner;
import org.jocl.Pointer;
import org.jocl.cl_mem;

/** Numbers in a buffer of the device, released when nothing refers to this object. */
final class ConstantBuffer {
    private static final Cleaner CLEANER = Cleaner.create();

    private final cl_mem buffer;

    private ConstantBuffer(OpenClDevice device, Pointer numbers, long bytes) {
        int[] status = new int[1];
        cl_mem made = clCreateBuffer(device.context(), CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, bytes, numbers, status);
        Status.check(status[0], "clCreateBuffer of a program");
        buffer = made;
        CLEANER.register(this, () -> clReleaseMemObject(made));
    }

    /** The buffer of an array of int, long, float or double. */
    static ConstantBuffer of(OpenClDevice device, Object numbers) {
        if (numbers instanceof int[] n) {
            return new ConstantBuffer(device, Pointer.to(n), (long) Integer.BYTES * n.length);
        }
        if (numbers instanceof long[] n) {
            return new ConstantBuffer(device, Pointer.to(n), (long) Long.BYTES * n.length);
        }
        if (numbers instanceof float[] n) {
            return new ConstantBuffer(device, Pointer.to(n), (long) Float.BYTES * n.length);
        }
        double[] n = (double[]) numbers;
        return new ConstantBuffer(device, Pointer.to(n), (long) Double.BYTES * n.length);
    }

    cl_mem buffer() {
        return buffer;
    }
}
