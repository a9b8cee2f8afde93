package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.values;
import static io.kiln.op.table.Argument.whole;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.index.ScatterNd;
import io.kiln.op.index.SearchSorted;
import io.kiln.op.internal.RowStarts;
import io.kiln.op.sparse.CsrDot;
import io.kiln.op.sparse.CsrSampledDot;
import io.kiln.op.sparse.CsrToDense;
import io.kiln.op.sparse.CsrValues;
import io.kiln.op.sparse.EmbeddingBagOp;
import java.util.List;
import java.util.stream.IntStream;

/** Rows of operators on sparse matrices, and of searching in order. */
final class SparseRows {
    private static final Argument INDPTR = fixed(0, 2, 2, 3, 6);
    private static final Argument INDICES = fixed(1, 4, 0, 0, 2, 3);
    private static final Argument NOWHERE = fixed(0, 0, 0, 0, 0);

    private SparseRows() {}

    static List<Row> rows() {
        String rows = "torch.tensor([0, 0, 2, 3, 3, 3])";
        String dense = "torch.index_put(torch.zeros([4, 5], dtype=x2.dtype), [" + rows + ", x1], x2)";
        String sampled = "torch.index(torch.matmul(x2, torch.t(x3)), [" + rows + ", x1])";
        return List.of(
                Row.of(new CsrDot(4, 5, false))
                        .torch("torch.matmul(" + dense + ", x3)")
                        .on(INDPTR, INDICES, real(-2, 2, 6), real(-2, 2, 5, 3))
                        .on(INDPTR, INDICES, real(-2, 2, 6), real(-2, 2, 5, 0)),
                Row.of(new CsrDot(4, 5, true))
                        .torch("torch.matmul(torch.t(" + dense + "), x3)")
                        .on(INDPTR, INDICES, real(-2, 2, 6), real(-2, 2, 4, 3)),
                Row.of(new CsrDot(4, 5, false))
                        .torch("torch.zeros([4, 2], dtype=x2.dtype)")
                        .on(NOWHERE, fixed(), real(-2, 2, 0), real(-2, 2, 5, 2)),
                Row.of(new CsrSampledDot(4, 5))
                        .torch(sampled)
                        .on(INDPTR, INDICES, real(-2, 2, 4, 3), real(-2, 2, 5, 3)),
                bag().on(real(-2, 2, 5, 3), INDICES, real(-2, 2, 6), INDPTR)
                        .on(real(-2, 2, 5, 3), fixed(4, 0, 4, 1, 1, 1), real(-2, 2, 6), INDPTR)
                        .on(real(-2, 2, 5, 0), INDICES, real(-2, 2, 6), INDPTR),
                Row.of(new EmbeddingBagOp())
                        .torch("torch.zeros([4, 3], dtype=x0.dtype)")
                        .on(real(-2, 2, 5, 3), fixed(), real(-2, 2, 0), NOWHERE),
                Row.of(new CsrToDense(4, 5)).torch(dense).on(INDPTR, INDICES, real(-2, 2, 6)),
                Row.of(new CsrValues(4, 5))
                        .torch("torch.index(x2, [" + rows + ", x1])")
                        .on(INDPTR, INDICES, real(-2, 2, 4, 5)),
                Row.of(new ScatterNd(Shape.of(4, 3, 2)))
                        .torch("torch.index_put(torch.zeros([4, 3, 2], dtype=x1.dtype), [torch.select(x0, -1, 0),"
                                + " torch.select(x0, -1, 1)], x1, True)")
                        .on(whole(DType.INT64, 0, 3, 5, 2), real(-2, 2, 5, 2))
                        .on(whole(DType.INT64, 0, 3, 2, 3, 2), real(-2, 2, 2, 3, 2))
                        .on(whole(DType.INT64, 0, 3, 0, 2), real(-2, 2, 0, 2)),
                Row.of(new RowStarts("csrDot"))
                        .torch("torch.clone(x0)")
                        .on(INDPTR, INDICES)
                        .on(NOWHERE, fixed())
                        .order(0),
                search(false).on(ascending(5), whole(DType.INT64, -1, 9, 7)),
                search(true)
                        .on(fixed(1, 3, 3, 3, 8), whole(DType.INT64, 0, 9, 2, 4))
                        .forwardOn(values(Shape.of(4), -1, 0, 2, 2), values(Shape.of(5), 2, -2, 0, 0.5, Double.NaN))
                        .on(fixed(), whole(DType.INT64, 0, 9, 3)),
                search(false)
                        .forwardOn(values(Shape.of(2, 3), 1, 2, 3, -1, 0, 1), values(Shape.of(2, 2), 2, 9, -1, 0.5)));
    }

    private static Row bag() {
        String rows = "torch.tensor([0, 0, 2, 3, 3, 3])";
        return Row.of(new EmbeddingBagOp())
                .torch("torch.index_add(torch.zeros([4, x0.size(1)], dtype=x0.dtype), 0, " + rows
                        + ", torch.index(x0, [x1]) * torch.unsqueeze(x2, 1))");
    }

    private static Row search(boolean right) {
        return Row.of(new SearchSorted(right))
                .order(0)
                .torch("torch.searchsorted(x0, x1, right=" + (right ? "True" : "False") + ")");
    }

    private static Argument ascending(int n) {
        return fixed(IntStream.range(0, n).mapToDouble(i -> 2 * i).toArray());
    }

    private static Argument fixed(double... v) {
        return new Argument(Shape.of(v.length), DType.INT64, 0, 0, v, false);
    }
}
