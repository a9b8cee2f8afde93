package io.kiln.op;

import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import java.util.ArrayList;
import java.util.List;

/** Sizes of windows that slide over the spatial axes of [N,C,spatial…]. */
final class Window {
    private Window() {}

    /** Shape [n, channels, outputs of the windows…]. */
    static Shape slide(
            String op,
            Shape x,
            long channels,
            List<Long> kernel,
            List<Long> stride,
            List<Long> pad,
            List<Long> dilation) {
        check(op, x, kernel, stride, pad, dilation);
        long[] y = new long[x.rank()];
        y[0] = x.dim(0);
        y[1] = channels;
        for (int i = 0; i < kernel.size(); i++) {
            y[i + 2] = length(op, x, i, kernel.get(i), stride.get(i), pad.get(i), dilation.get(i));
        }
        return Shape.of(y);
    }

    private static long length(String op, Shape x, int i, long kernel, long stride, long pad, long dilation) {
        long d = x.dim(i + 2);
        if (d == Shape.UNKNOWN) {
            return d;
        }
        long span = d + 2 * pad - (dilation * (kernel - 1) + 1);
        if (span < 0) {
            throw new ShapeException(
                    op + ": the window of " + kernel + " (dilation " + dilation + ") is larger than axis " + (i + 2)
                            + " of x" + x + " with padding " + pad + "; pad more or use a smaller kernel");
        }
        return span / stride + 1;
    }

    static void check(String op, Shape x, List<Long> kernel, List<Long> stride, List<Long> pad, List<Long> dilation) {
        int n = kernel.size();
        if (x.rank() != n + 2 || stride.size() != n || pad.size() != n || dilation.size() != n) {
            throw new ShapeException(op + ": x[N,C," + n
                    + " spatial axes] and as many strides, pads and dilations expected," + " got x" + x + ", kernel "
                    + kernel + ", stride " + stride + ", pad " + pad + ", dilation " + dilation);
        }
        for (int i = 0; i < n; i++) {
            if (kernel.get(i) < 1 || stride.get(i) < 1 || pad.get(i) < 0 || dilation.get(i) < 1) {
                throw new ShapeException(op + ": kernel, stride and dilation must be >= 1 and pad >= 0, got kernel "
                        + kernel + ", stride " + stride + ", pad " + pad + ", dilation " + dilation);
            }
        }
    }

    /** The sizes of the spatial axes. */
    static List<Long> spatial(Shape x) {
        List<Long> s = new ArrayList<>();
        for (int i = 2; i < x.rank(); i++) {
            s.add(x.dim(i));
        }
        return List.copyOf(s);
    }

    static Shape withSpatial(Shape x, long channels, List<Long> spatial) {
        long[] d = new long[spatial.size() + 2];
        d[0] = x.dim(0);
        d[1] = channels;
        for (int i = 0; i < spatial.size(); i++) {
            d[i + 2] = spatial.get(i);
        }
        return Shape.of(d);
    }
}
