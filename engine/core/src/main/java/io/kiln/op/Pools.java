package io.kiln.op;

import io.kiln.ndarray.ShapeException;
import java.util.List;

/** What the pooling operators check alike. */
final class Pools {
    private Pools() {}

    /** A window that could lie in the padding only would have no element. */
    static void checkPad(String op, List<Long> kernel, List<Long> pad) {
        for (int i = 0; i < kernel.size(); i++) {
            if (2 * pad.get(i) > kernel.get(i)) {
                throw new ShapeException(
                        op + ": pad must be at most half the kernel, got kernel " + kernel + " and pad " + pad);
            }
        }
    }

    /** Elements of a window. */
    static long window(List<Long> kernel) {
        return kernel.stream().reduce(1L, Math::multiplyExact);
    }
}
