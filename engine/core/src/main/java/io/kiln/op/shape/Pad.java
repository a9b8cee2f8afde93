package io.kiln.op.shape;

import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.index.Gather;
import io.kiln.op.index.ScatterAdd;
import io.kiln.op.internal.SliceRange;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Adds a border: along axis i before[i] elements before and after[i] after the elements. Dtype: as x. An unknown size
 * stays unknown.
 *
 * @param before border before the elements, per axis
 * @param after border after the elements, per axis
 * @param mode what stands in the border
 * @param value the number for {@link PadMode#CONSTANT}
 */
public record Pad(List<Long> before, List<Long> after, PadMode mode, double value) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        boolean valid = before.size() == x.rank() && after.size() == x.rank();
        long[] d = x.dims();
        for (int i = 0; valid && i < d.length; i++) {
            long b = before.get(i);
            long a = after.get(i);
            valid = b >= 0 && a >= 0 && (d[i] == Shape.UNKNOWN || Math.max(a, b) <= largest(d[i]));
            d[i] = d[i] == Shape.UNKNOWN && a + b > 0 ? Shape.UNKNOWN : d[i] + a + b;
        }
        if (!valid) {
            throw new ShapeException("pad: x" + x + " needs " + x.rank() + " sizes of borders, each from 0 to "
                    + (mode == PadMode.REFLECT ? "below the size of the axis" : "any") + " in mode " + mode
                    + ", got before "
                    + before + " and after " + after);
        }
        return new Spec[] {new Spec(Shape.of(d), inputs[0].dtype())};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        if (mode == PadMode.CONSTANT) {
            Shape shape = infer(x.spec())[0].shape();
            NDArray y = x.newArray(new Spec(shape, x.dtype()));
            y.fill(value);
            try (NDArray part = SliceRange.view(y, x.shape(), before, ones())) {
                part.assign(x);
            }
            return new NDArray[] {y};
        }
        for (int i = 0; i < x.shape().rank(); i++) {
            if (before.get(i) + after.get(i) > 0) {
                x = Dispatch.one(
                        new Gather(i), x, sources(x.factory(), x.shape().dim(i), i));
            }
        }
        return new NDArray[] {x == inputs[0] ? x.copy() : x};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        Shape x = c.input(0).shape();
        if (mode == PadMode.CONSTANT) {
            List<Long> stop = IntStream.range(0, x.rank())
                    .mapToObj(i -> before.get(i) + x.dim(i))
                    .toList();
            return new NDArray[] {Dispatch.one(new Slice(before, stop, ones()), dy)};
        }
        for (int i = x.rank() - 1; i >= 0; i--) {
            if (before.get(i) + after.get(i) > 0) {
                NDArray zeros = dy.factory().zeros(dy.shape().with(i, x.dim(i)), dy.dtype());
                dy = Dispatch.one(new ScatterAdd(i), zeros, sources(dy.factory(), x.dim(i), i), dy);
            }
        }
        return new NDArray[] {dy};
    }

    private long largest(long size) {
        return switch (mode) {
            case CONSTANT -> Long.MAX_VALUE;
            case EDGE -> size == 0 ? 0 : Long.MAX_VALUE;
            case REFLECT -> Math.max(0, size - 1);
        };
    }

    private List<Long> ones() {
        return Collections.nCopies(before.size(), 1L);
    }

    /** The element of an axis of size n at each position of the padded axis. */
    private NDArray sources(ArrayFactory beside, long n, int axis) {
        long[] from = LongStream.range(-before.get(axis), n + after.get(axis))
                .map(i -> mode == PadMode.EDGE ? Math.max(0, Math.min(n - 1, i)) : mirror(i, n))
                .toArray();
        return beside.of(Shape.of(from.length), from);
    }

    private static long mirror(long i, long n) {
        long inside = Math.abs(i);
        return inside < n ? inside : 2 * (n - 1) - inside;
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
