package io.kiln.cpu.kernel;

import io.kiln.backend.Span;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;

/** Divides the workspace of a kernel into arrays, in the order in which they were counted. */
final class DeviceWorkspace {
    private static final long ALIGNMENT = 64;

    private final Span memory;
    private long used;

    DeviceWorkspace(Span memory) {
        this.memory = memory;
    }

    /** The size of a workspace for arrays; null arrays are not counted. */
    static long bytes(Layout... arrays) {
        long bytes = 0;
        for (Layout array : arrays) {
            bytes += array == null ? 0 : rounded(array);
        }
        return bytes;
    }

    /** The next array, with arbitrary content. */
    NDArray next(Layout layout) {
        NDArray array = NDArray.planned(
                memory.slice(used, layout.size() * layout.dtype().bytes()), layout);
        used += rounded(layout);
        return array;
    }

    private static long rounded(Layout layout) {
        return (Math.max(1, layout.size() * layout.dtype().bytes()) + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
