package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.values;
import static io.kiln.op.table.Argument.whole;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.index.SegmentMax;
import io.kiln.op.index.SegmentMean;
import io.kiln.op.index.SegmentMin;
import io.kiln.op.index.SegmentSum;
import io.kiln.op.internal.CheckedIndices;
import java.util.List;

/** Rows of reductions over segments. */
final class SegmentRows {
    private SegmentRows() {}

    static List<Row> rows() {
        String zeros = "torch.zeros([4] + torch.size(x0)[1:], dtype=x0.dtype)";
        String sum = "torch.index_add(" + zeros + ", 0, x1, x0)";
        String count = "torch.clamp(torch.index_add(" + zeros + ", 0, x1, torch.ones_like(x0)), 1)";
        String reduce = "torch.scatter_reduce(" + zeros + ", 0, torch.expand_copy(torch.reshape(x1, [-1] + [1] *"
                + " (torch.dim(x0) - 1)), torch.size(x0)), x0, \"%s\", include_self=False)";
        return List.of(
                all(new SegmentSum(4), sum).on(whole(DType.INT64, -5, 6, 6), segments(6)),
                all(new SegmentMean(4), "torch.div(" + sum + ", " + count + ")"),
                Row.of(new CheckedIndices("segmentSum", "segments", 4))
                        .torch("torch.clone(x0)")
                        .on(segments(5))
                        .on(whole(DType.INT32, 0, 4, 2, 3))
                        .on(segments(0))
                        .order(0),
                extreme(new SegmentMax(4), reduce.formatted("amax")),
                extreme(new SegmentMin(4), reduce.formatted("amin")));
    }

    private static Row extreme(Operator operator, String torch) {
        return all(operator, torch)
                .on(values(Shape.of(5), 2, 1, 2, -1, -1), fixed(0, 0, 0, 1, 1))
                .forwardOn(values(Shape.of(4), 2, Double.NaN, Double.NEGATIVE_INFINITY, 1), fixed(0, 0, 1, 2))
                .on(whole(DType.INT64, -5, 6, 6), segments(6));
    }

    private static Row all(Operator operator, String torch) {
        return Row.of(operator)
                .torch(torch)
                .on(real(-2, 2, 6), segments(6))
                .on(real(-2, 2, 5, 3), segments(5))
                .on(real(-2, 2, 4, 2, 3), fixed(3, 0, 0, 3))
                .on(real(-2, 2, 0, 2), segments(0))
                .on(real(-2, 2, 3, 0), segments(3))
                .on(real(-2, 2, 1000, 7), segments(1000));
    }

    private static Argument segments(long n) {
        return whole(DType.INT64, 0, 4, n);
    }

    private static Argument fixed(double... s) {
        return new Argument(Shape.of(s.length), DType.INT64, 0, 0, s, false);
    }
}
