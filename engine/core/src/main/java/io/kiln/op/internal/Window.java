package io.kiln.op.internal;

import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import java.util.ArrayList;
import java.util.List;

/** Sizes of windows that slide over the spatial axes of [N,C,spatial…]. */
public final class Window {
    private Window() {}

    /** Shape [n, channels, outputs of the windows…]. */
    public static Shape slide(
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

    /** Refuses sizes that do not fit the rank of x, and those below their minimum. */
    public static void check(
            String op, Shape x, List<Long> kernel, List<Long> stride, List<Long> pad, List<Long> dilation) {
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
    public static List<Long> spatial(Shape x) {
        List<Long> s = new ArrayList<>();
        for (int i = 2; i < x.rank(); i++) {
            s.add(x.dim(i));
        }
        return List.copyOf(s);
    }

    /** The shape [N, channels, spatial…] with the batch of x. */
    public static Shape withSpatial(Shape x, long channels, List<Long> spatial) {
        long[] d = new long[spatial.size() + 2];
        d[0] = x.dim(0);
        d[1] = channels;
        for (int i = 0; i < spatial.size(); i++) {
            d[i + 2] = spatial.get(i);
        }
        return Shape.of(d);
    }

    /** The number of elements of a window. */
    public static long elements(List<Long> kernel) {
        return kernel.stream().reduce(1L, Math::multiplyExact);
    }

    /** The result of an operator that changes the sizes of the spatial axes. */
    public static Spec[] resize(String operation, List<Long> size, Spec input) {
        Shape x = input.shape();
        boolean fits = x.rank() == size.size() + 2 && input.dtype().isFloating();
        for (int i = 2; fits && i < x.rank(); i++) {
            fits = x.dim(i) != 0;
        }
        if (!fits) {
            throw new ShapeException(operation + ": sizes " + size + " need floating x[N,C," + size.size()
                    + " spatial axes] of size 1 at least, got " + input);
        }
        return new Spec[] {new Spec(Window.withSpatial(x, x.dim(1), size), input.dtype())};
    }

    /** Checks sizes that spatial axes are to have. */
    public static void checkSizes(String operation, List<Long> size) {
        if (size.isEmpty() || size.size() > 3 || size.stream().anyMatch(s -> s < 1)) {
            throw new IllegalArgumentException(operation + ": needs one to three sizes, each at least 1, got " + size);
        }
    }

    /** The size of the output of a transposed window along an axis, without open places at its end. */
    public static long transposedLength(long size, long kernel, long stride, long pad, long dilation) {
        return (size - 1) * stride - 2 * pad + dilation * (kernel - 1) + 1;
    }
}
