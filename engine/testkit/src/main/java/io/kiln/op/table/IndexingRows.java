package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.values;
import static io.kiln.op.table.Argument.whole;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.index.ArgSort;
import io.kiln.op.index.Gather;
import io.kiln.op.index.GatherAlong;
import io.kiln.op.index.GatherNd;
import io.kiln.op.index.OneHot;
import io.kiln.op.index.Scatter;
import io.kiln.op.index.ScatterAdd;
import io.kiln.op.index.ScatterAddAlong;
import io.kiln.op.index.ScatterAlong;
import io.kiln.op.index.ScatterMode;
import io.kiln.op.index.ScatterNdUpdate;
import io.kiln.op.index.Sort;
import io.kiln.op.index.TopK;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Rows of indexing and ordering. */
final class IndexingRows {
    private IndexingRows() {}

    static List<Row> rows() {
        List<Row> rows = new ArrayList<>(lookups());
        for (ScatterMode mode : ScatterMode.values()) {
            boolean repeats = mode != ScatterMode.SET; // libtorch leaves open which of several updates stays
            String reduce = ", \""
                    + Map.of("MUL", "prod", "MIN", "amin", "MAX", "amax", "ADD", "sum", "SET", "")
                            .get(mode.name()) + "\")";
            rows.add(Row.of(new ScatterAlong(1, mode))
                    .torch(repeats ? "torch.scatter_reduce(x0, 1, x1, x2" + reduce : "torch.scatter(x0, 1, x1, x2)")
                    .on(
                            real(0.5, 2, 3, 4),
                            repeats ? index(4, 3, 6) : index(4, 3, 1),
                            real(0.5, 2, 3, repeats ? 6 : 1)));
            rows.add(Row.of(new Scatter(0, mode))
                    .torch(
                            repeats
                                    ? "torch.scatter_reduce(x0, 0, torch.unsqueeze(x1, 1).expand_as(x2), x2" + reduce
                                    : "torch.index_copy(x0, 0, x1, x2)")
                    .on(real(0.5, 2, 4, 3), index(4, repeats ? 5 : 1), real(0.5, 2, repeats ? 5 : 1, 3)));
            rows.add(Row.of(new ScatterNdUpdate(mode))
                    .torch(
                            repeats
                                    ? "torch.reshape(torch.scatter_reduce(torch.reshape(x0, [12]), 0,"
                                            + " torch.select(x1, 1, 0) * 4 + torch.select(x1, 1, 1), x2" + reduce
                                            + ", [3, 4])"
                                    : "torch.index_put(x0, [torch.select(x1, 1, 0), torch.select(x1, 1, 1)], x2)")
                    .on(real(0.5, 2, 3, 4), index(3, repeats ? 5 : 1, 2), real(0.5, 2, repeats ? 5 : 1)));
        }
        return rows;
    }

    private static List<Row> lookups() {
        return List.of(
                Row.of(new Gather(1, true))
                        .torch("torch.index_select(x0, 1, torch.where(x1 < 0, x1 + 4, x1))")
                        .on(real(-2, 2, 3, 4, 2), whole(DType.INT64, -4, 4, 7)),
                Row.of(new Gather(0))
                        .torch("torch.reshape(torch.index_select(x0, 0, torch.flatten(x1)),"
                                + " torch.size(x1) + torch.size(x0)[1:])")
                        .on(real(-2, 2, 4, 3), index(4, 5))
                        .on(real(-2, 2, 4, 3), index(4, 2, 3))
                        .on(real(-2, 2, 4), index(4))
                        .on(real(-2, 2, 4, 3), index(4, 0))
                        .on(real(-2, 2, 300, 7), index(300, 1000)),
                Row.of(new Gather(1))
                        .torch("torch.index_select(x0, 1, x1)")
                        .on(real(-2, 2, 3, 4, 2), index(4, 5))
                        .on(real(-2, 2, 3, 4), whole(DType.INT32, 0, 4, 6))
                        .on(real(-2, 2, 0, 4), index(4, 2)),
                Row.of(new ScatterAdd(0))
                        .torch("torch.index_add(x0, 0, x1, x2)")
                        .on(real(-2, 2, 4, 3), index(4, 5), real(-2, 2, 5, 3))
                        .on(real(-2, 2, 4), index(4, 9), real(-2, 2, 9))
                        .on(real(-2, 2, 4, 3), index(4, 0), real(-2, 2, 0, 3)),
                Row.of(new ScatterAdd(-1))
                        .torch("torch.index_add(x0, -1, x1, x2)")
                        .on(real(-2, 2, 3, 4), index(4, 5), real(-2, 2, 3, 5)),
                Row.of(new GatherAlong(1))
                        .torch("torch.gather(x0, 1, x1)")
                        .on(real(-2, 2, 3, 4), index(4, 3, 6))
                        .on(real(-2, 2, 3, 4, 2), index(4, 3, 2, 2))
                        .on(real(-2, 2, 0, 4), index(4, 0, 2)),
                Row.of(new GatherAlong(0)).torch("torch.gather(x0, 0, x1)").on(real(-2, 2, 4, 3), index(4, 2, 3)),
                Row.of(new ScatterAddAlong(1))
                        .torch("torch.scatter_add(x0, 1, x1, x2)")
                        .on(real(-2, 2, 3, 4), index(4, 3, 6), real(-2, 2, 3, 6)),
                Row.of(new ScatterAddAlong(0))
                        .torch("torch.scatter_add(x0, 0, x1, x2)")
                        .on(real(-2, 2, 4, 3), index(4, 2, 3), real(-2, 2, 2, 3)),
                Row.of(new GatherNd())
                        .torch("torch.index(x0, [torch.select(x1, -1, 0), torch.select(x1, -1, 1)])")
                        .on(real(-2, 2, 4, 4), index(4, 5, 2))
                        .on(real(-2, 2, 4, 4, 3), index(4, 2, 3, 2)),
                Row.of(new OneHot(4, DType.FLOAT32))
                        .torch("torch.eq(torch.unsqueeze(x0, -1), torch.arange(4)).to(6)")
                        .on(index(4, 5))
                        .on(index(4))
                        .on(index(4, 0))
                        .on(whole(DType.INT32, -2, 7, 3, 4))
                        .on(whole(DType.UINT8, 0, 7, 3))
                        .order(0),
                Row.of(new Sort(1, false))
                        .torch("(torch.sort(x0, 1))[0]")
                        .on(real(-2, 2, 3, 5))
                        .on(real(-2, 2, 2, 7, 3))
                        .on(real(-2, 2, 3, 0)),
                Row.of(new Sort(-1, true))
                        .torch("(torch.sort(x0, -1, True))[0]")
                        .on(real(-2, 2, 9))
                        .on(real(-2, 2, 3, 5))
                        .forwardOn(values(Shape.of(4), 1, Double.NaN, 3, 2)),
                Row.of(new ArgSort(0, false))
                        .torch("torch.argsort(x0, stable=True, dim=0)")
                        .on(real(-2, 2, 9))
                        .on(real(-2, 2, 5, 3))
                        .on(whole(DType.INT32, 0, 3, 9))
                        .forwardOn(values(Shape.of(4), 1, Double.NaN, 3, 2))
                        .order(0),
                Row.of(new ArgSort(-1, true))
                        .torch("torch.argsort(x0, stable=True, dim=-1, descending=True)")
                        .on(real(-2, 2, 3, 5))
                        .on(whole(DType.INT64, 0, 3, 3, 9))
                        .on(real(-2, 2, 0))
                        .order(0),
                Row.of(new TopK(2, 1, true))
                        .torch("(torch.topk(x0, 2, 1))[0]", "(torch.topk(x0, 2, 1))[1]")
                        .on(real(-2, 2, 3, 5))
                        .on(real(-2, 2, 2, 3, 4)),
                Row.of(new TopK(3, -1, false))
                        .torch("(torch.topk(x0, 3, -1, False))[0]", "(torch.topk(x0, 3, -1, False))[1]")
                        .on(real(-2, 2, 9))
                        .on(real(-2, 2, 0, 4)));
    }

    private static Argument index(long size, long... dims) {
        return whole(DType.INT64, 0, size, dims);
    }
}
