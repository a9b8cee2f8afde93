package io.kiln.op;

import io.kiln.ndarray.Shape;
import java.util.List;
import java.util.stream.LongStream;

/** Shapes of reductions. */
final class ReductionShape {
    private ReductionShape() {}

    static Shape of(Shape x, List<Long> axes, boolean keepDims) {
        boolean[] reduced = new boolean[x.rank()];
        for (long a : axes) {
            reduced[x.axis(Math.toIntExact(a))] = true;
        }
        LongStream.Builder dims = LongStream.builder();
        for (int i = 0; i < reduced.length; i++) {
            boolean gone = reduced[i] || axes.isEmpty();
            if (!gone || keepDims) {
                dims.add(gone ? 1 : x.dim(i));
            }
        }
        return Shape.of(dims.build().toArray());
    }
}
