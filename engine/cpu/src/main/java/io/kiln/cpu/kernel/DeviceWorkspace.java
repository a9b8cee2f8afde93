package io.kiln.cpu.kernel;

import io.kiln.backend.Backend;
import io.kiln.backend.Span;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import java.util.function.LongUnaryOperator;

/** Divides the workspace of a kernel into arrays, in the order in which they were counted. */
final class DeviceWorkspace {
    private static final long ALIGNMENT = 64;

    private final Span memory;
    private final Backend backend;
    private long used;

    DeviceWorkspace(Span memory) {
        this(memory, null);
    }

    private DeviceWorkspace(Span memory, Backend backend) {
        this.memory = memory;
        this.backend = backend;
    }

    /**
     * A workspace that may turn out too small, as when the kernel runs with more threads than it was planned for: what does not
     * fit is allocated, and belongs to the open scope.
     */
    static DeviceWorkspace extensible(Span memory, NDArray like) {
        return new DeviceWorkspace(memory, like.backend());
    }

    /** The size of a workspace for arrays; null arrays are not counted. */
    static long bytes(Layout... arrays) {
        long bytes = 0;
        for (Layout array : arrays) {
            bytes += array == null ? 0 : rounded(bytesOf(array));
        }
        return bytes;
    }

    /** The size of a workspace for stretches of so many bytes. */
    static long bytes(long... stretches) {
        long bytes = 0;
        for (long stretch : stretches) {
            bytes += rounded(stretch);
        }
        return bytes;
    }

    /** The next array, with arbitrary content. */
    NDArray next(Layout layout) {
        long size = bytesOf(layout);
        long begin = used;
        used += rounded(size);
        boolean fits = memory != null && used <= memory.bytes();
        return backend == null || fits
                ? NDArray.planned(memory.slice(begin, size), layout)
                : NDArray.empty(backend, layout);
    }

    /** The array, or a row-major copy as the next one. */
    NDArray contiguous(NDArray array) {
        return array.isContiguous() ? array : copy(array);
    }

    /** A row-major copy as the next array. */
    NDArray copy(NDArray array) {
        NDArray copy = next(Layout.rowMajor(array.spec()));
        Dispatch.into(new Copy(), new NDArray[] {array}, copy);
        return copy;
    }

    /** Gives the address of the next so many bytes, with arbitrary content. */
    LongUnaryOperator stretches() {
        return bytes ->
                next(Layout.rowMajor(new Spec(Shape.of(bytes), DType.UINT8))).address();
    }

    private static long bytesOf(Layout array) {
        return array.size() * array.dtype().bytes();
    }

    private static long rounded(long bytes) {
        return (Math.max(1, bytes) + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
