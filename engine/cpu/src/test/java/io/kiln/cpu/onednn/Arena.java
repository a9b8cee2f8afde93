package io.kiln.cpu.onednn;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.internal.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/** Tensors for tests, freed together; and the plain loops over them that tests compare with. */
final class Arena implements AutoCloseable {

    private final List<Long> blocks = new ArrayList<>();
    private final Random random = new Random(42);

    /** Row-major float32 with values between -1 and 1. */
    Tensor random(long... dims) {
        return filled(Tensor.rowMajorStrides(dims), dims);
    }

    /** Channels-last float32 with values between -1 and 1. */
    Tensor randomChannelsLast(long... dims) {
        return filled(Tensor.channelsLastStrides(dims), dims);
    }

    /** Float32 of any dense strides with values between -1 and 1. */
    Tensor filled(long[] strides, long... dims) {
        long reach = 1;
        for (int i = 0; i < dims.length; i++) {
            reach += Math.max(0, dims[i] - 1) * strides[i];
        }
        Tensor tensor = new Tensor(DType.FLOAT32, dims, strides, allocate(4 * reach));
        for (long i = 0; i < reach; i++) {
            Memory.putFloat(tensor.address() + 4 * i, random.nextFloat() * 2 - 1);
        }
        return tensor;
    }

    Tensor empty(DType dtype, long... dims) {
        long size = 1;
        for (long dim : dims) {
            size *= dim;
        }
        return Tensor.rowMajor(dtype, allocate(Math.max(1, size * dtype.bytes())), dims);
    }

    private long allocate(long bytes) {
        long block = Memory.allocate(bytes + 64);
        blocks.add(block);
        return (block + 63) & -64L;
    }

    static Tensor swapLast(Tensor tensor) {
        int last = tensor.dims().length - 1;
        long[] dims = tensor.dims().clone();
        long[] strides = tensor.strides().clone();
        dims[last] = tensor.dims()[last - 1];
        dims[last - 1] = tensor.dims()[last];
        strides[last] = tensor.strides()[last - 1];
        strides[last - 1] = tensor.strides()[last];
        return tensor.as(dims, strides);
    }

    static float get(Tensor tensor, long... index) {
        return Memory.getFloat(place(tensor, index));
    }

    static void set(Tensor tensor, float value, long... index) {
        Memory.putFloat(place(tensor, index), value);
    }

    private static long place(Tensor tensor, long[] index) {
        long offset = 0;
        for (int i = 0; i < index.length; i++) {
            offset += index[i] * tensor.strides()[i];
        }
        return tensor.address() + 4 * offset;
    }

    /** Visits every index of a shape in row-major order. */
    static void each(long[] dims, Consumer<long[]> visit) {
        long[] index = new long[dims.length];
        for (long dim : dims) {
            if (dim == 0) {
                return;
            }
        }
        while (true) {
            visit.accept(index.clone());
            int axis = dims.length - 1;
            while (axis >= 0 && ++index[axis] == dims[axis]) {
                index[axis--] = 0;
            }
            if (axis < 0) {
                return;
            }
        }
    }

    @Override
    public void close() {
        blocks.forEach(Memory::free);
    }
}
