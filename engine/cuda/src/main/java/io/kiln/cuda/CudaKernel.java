package io.kiln.cuda;

import io.kiln.backend.Context;
import io.kiln.backend.Storage;
import io.kiln.kernels.DeviceKernel;
import io.kiln.ndarray.NDArray;
import jcuda.driver.CUfunction;

/** A kernel of a loaded module. Concurrency: thread-safe. */
final class CudaKernel implements DeviceKernel {
    /** CUDA's limit for the second and third dimension of a grid. */
    private static final long MOST_BLOCKS = 65_535;

    private final CudaBackend backend;
    private final String name;
    private final CUfunction function;

    CudaKernel(CudaBackend backend, String name, CUfunction function) {
        this.backend = backend;
        this.name = name;
        this.function = function;
    }

    String name() {
        return name;
    }

    CUfunction function() {
        return function;
    }

    @Override
    public void run(long[] global, long[] local, Object... arguments) {
        CudaQueue queue = (CudaQueue) Context.current().queue(backend);
        queue.launch(this, global, local, arguments);
        for (Object argument : arguments) {
            if (argument instanceof NDArray array) {
                queue.used(array.storage());
            } else if (argument instanceof Storage storage) {
                queue.used(storage);
            }
        }
    }

    /** Blocks of the grid along a dimension. */
    int blocks(long[] global, long[] local, int dimension) {
        long most = dimension == 0 ? Integer.MAX_VALUE : MOST_BLOCKS;
        long blocks = dimension < global.length ? global[dimension] / local[dimension] : 1;
        if (blocks > most) {
            throw new IllegalArgumentException("cuda: kernel " + name + " needs " + blocks + " blocks along dimension "
                    + dimension + ", a grid has at most " + most);
        }
        return (int) blocks;
    }

    /** Threads of a block along a dimension. */
    static int threads(long[] local, int dimension) {
        return dimension < local.length ? (int) local[dimension] : 1;
    }
}
