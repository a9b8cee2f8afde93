package io.kiln.op.reduce;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import java.util.List;
import java.util.stream.LongStream;

/** Shapes and dtypes of reductions. */
final class ReductionShape {
    private ReductionShape() {}

    static Shape of(Shape x, List<Long> axes, boolean keepDims) {
        boolean[] reduced = reduced(x, axes);
        LongStream.Builder dims = LongStream.builder();
        for (int i = 0; i < reduced.length; i++) {
            if (!reduced[i] || keepDims) {
                dims.add(reduced[i] ? 1 : x.dim(i));
            }
        }
        return Shape.of(dims.build().toArray());
    }

    private static boolean[] reduced(Shape x, List<Long> axes) {
        boolean[] reduced = new boolean[x.rank()];
        for (int i = 0; i < reduced.length; i++) {
            reduced[i] = axes.isEmpty();
        }
        for (long a : axes) {
            reduced[x.axis(Math.toIntExact(a))] = true;
        }
        return reduced;
    }

    /** How many elements of x go into one of y; unknown if a reduced axis is. */
    static long count(Shape x, List<Long> axes) {
        boolean[] reduced = reduced(x, axes);
        long n = 1;
        for (int i = 0; i < reduced.length; i++) {
            if (reduced[i] && x.dim(i) == Shape.UNKNOWN) {
                return Shape.UNKNOWN;
            }
            n *= reduced[i] ? x.dim(i) : 1;
        }
        return n;
    }

    /** As {@link #of}, for reductions that have no value over no elements. */
    static Shape ofSome(String operation, Shape x, List<Long> axes, boolean keepDims) {
        Shape y = of(x, axes, keepDims);
        if (count(x, axes) == 0 && y.size() != 0) {
            throw new ShapeException(
                    operation + ": x" + x + " has no elements along axes " + axes + "; there is no value to return");
        }
        return y;
    }

    /** Reduced with the axes kept at size 1, so that it broadcasts against x. */
    static NDArray kept(NDArray reduced, Shape x, List<Long> axes) {
        return reduced.reshape(of(x, axes, true));
    }

    /** The type of sums and products: bool and uint8 are summed as int64. */
    static DType accumulated(DType x) {
        return x == DType.BOOL || x == DType.UINT8 ? DType.INT64 : x;
    }

    /** The type of means and norms. */
    static DType floating(DType x) {
        return x.isFloating() ? x : DType.FLOAT32;
    }
}
