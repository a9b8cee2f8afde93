package io.kiln.cuda;

import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;

import java.lang.ref.Cleaner;
import jcuda.Pointer;

/** Numbers in memory of the device, freed when nothing refers to this object. */
final class Constants {
    private static final Cleaner CLEANER = Cleaner.create();

    private final long address;

    private Constants(CudaDevice device, Pointer numbers, long bytes) {
        device.makeCurrent();
        DevicePointer block = new DevicePointer();
        device.check(cuMemAlloc(block, Math.max(1, bytes)), "cuMemAlloc of the instructions of a program");
        address = block.address();
        CLEANER.register(this, () -> {
            if (device.hasFailed()) {
                return;
            }
            device.makeCurrent();
            cuCtxSynchronize(); // kernels that were given them may still be waiting in a stream
            cuMemFree(block);
        });
        if (bytes > 0) {
            device.check(cuMemcpyHtoD(block, numbers, bytes), "cuMemcpyHtoD of the instructions of a program");
        }
    }

    /** An array of int, long, float or double. */
    static Constants of(CudaDevice device, Object numbers) {
        if (numbers instanceof int[] n) {
            return new Constants(device, Pointer.to(n), (long) Integer.BYTES * n.length);
        }
        if (numbers instanceof long[] n) {
            return new Constants(device, Pointer.to(n), (long) Long.BYTES * n.length);
        }
        if (numbers instanceof float[] n) {
            return new Constants(device, Pointer.to(n), (long) Float.BYTES * n.length);
        }
        double[] n = (double[]) numbers;
        return new Constants(device, Pointer.to(n), (long) Double.BYTES * n.length);
    }

    long address() {
        return address;
    }
}
