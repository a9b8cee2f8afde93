package io.kiln.op.internal;

import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import java.util.Collections;
import java.util.List;

/** What the pooling operators have in common. */
public final class Pools {
    private Pools() {}

    /** The distances between the elements of a window; 1 if none are given. */
    public static List<Long> dilation(List<Long> kernel, List<Long> dilation) {
        return dilation.isEmpty() ? List.copyOf(Collections.nCopies(kernel.size(), 1L)) : dilation;
    }

    /** Shape [N, C, positions of the window…]. */
    public static Shape slide(
            String op,
            Shape x,
            List<Long> kernel,
            List<Long> stride,
            List<Long> pad,
            List<Long> dilation,
            boolean ceilMode) {
        Shape y = Window.slide(op, x, x.dim(1), kernel, stride, pad, dilation);
        checkPad(op, kernel, pad, dilation);
        for (int i = 0; i < kernel.size(); i++) {
            long d = x.dim(i + 2);
            if (d == Shape.UNKNOWN) {
                continue;
            }
            long span = dilation.get(i) * (kernel.get(i) - 1) + 1;
            long out = y.dim(i + 2);
            boolean cut = (d + 2 * pad.get(i) - span) % stride.get(i) != 0;
            if (ceilMode && cut && out * stride.get(i) < d + pad.get(i)) {
                y = y.with(i + 2, ++out);
            }
            checkInside(op, i + 2, x, out, kernel.get(i), stride.get(i), pad.get(i), dilation.get(i));
        }
        return y;
    }

    /** A window that could lie in the padding only would have no element. */
    private static void checkPad(String op, List<Long> kernel, List<Long> pad, List<Long> dilation) {
        for (int i = 0; i < kernel.size(); i++) {
            if (2 * pad.get(i) > dilation.get(i) * (kernel.get(i) - 1) + 1) {
                throw new ShapeException(op + ": pad must be at most half the window, got kernel " + kernel
                        + ", dilation " + dilation + " and pad " + pad);
            }
        }
    }

    /** With holes a window may step over all elements. */
    private static void checkInside(
            String op, int axis, Shape x, long out, long kernel, long stride, long pad, long dilation) {
        long d = x.dim(axis);
        if (dilation == 1 || pad == 0) {
            return;
        }
        for (long i = 0; i < out; i++) {
            long start = i * stride - pad;
            long first = start >= 0 ? start : start + (-start + dilation - 1) / dilation * dilation;
            if (first >= d || first > start + dilation * (kernel - 1)) {
                throw new ShapeException(op + ": window " + i + " along axis " + axis + " of x" + x
                        + " has no element but padding; use a smaller dilation than " + dilation + " or pad less than "
                        + pad);
            }
        }
    }

    /** Elements of a window. */
    public static long window(List<Long> kernel) {
        return kernel.stream().reduce(1L, Math::multiplyExact);
    }
}
