package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.values;
import static io.kiln.op.table.Argument.whole;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.reduce.ArgMax;
import io.kiln.op.reduce.ArgMin;
import io.kiln.op.reduce.CumulativeSum;
import io.kiln.op.reduce.LogSumExp;
import io.kiln.op.reduce.Max;
import io.kiln.op.reduce.Mean;
import io.kiln.op.reduce.Min;
import io.kiln.op.reduce.Norm;
import io.kiln.op.reduce.Prod;
import io.kiln.op.reduce.Sum;
import io.kiln.op.reduce.Variance;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/** Rows of reductions and running sums. */
final class ReductionRows {
    private static final List<Long> ALL = List.of();

    private ReductionRows() {}

    static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        rows.addAll(reduction(Sum::new, "torch.sum(x0, %s, %s)", true));
        rows.addAll(reduction(Mean::new, "torch.mean(x0, %s, %s)", false));
        rows.addAll(reduction(Max::new, "torch.amax(x0, %s, %s)", false));
        rows.addAll(reduction(Min::new, "torch.amin(x0, %s, %s)", false));
        rows.addAll(reduction((a, k) -> new Norm(1, a, k), "torch.norm(x0, 1, %s, %s)", true));
        rows.addAll(reduction((a, k) -> new Norm(2, a, k), "torch.norm(x0, 2, %s, %s)", false));
        rows.addAll(reduction((a, k) -> new Norm(3, a, k), "torch.linalg_vector_norm(x0, 3., %s, %s)", false));
        rows.addAll(List.of(
                norm(0, "0.").order(0),
                norm(0.5, "0.5").slack(8),
                norm(-1.5, "-1.5").slack(8),
                norm(Double.POSITIVE_INFINITY, "float('inf')"),
                norm(Double.NEGATIVE_INFINITY, "float('-inf')"),
                Row.of(new LogSumExp(List.of(1L), true))
                        .torch("torch.logsumexp(x0, [1], True)")
                        .on(real(-2, 2, 3, 0))));
        rows.addAll(reduction(LogSumExp::new, "torch.logsumexp(x0, %s, %s)", false));
        rows.addAll(reduction((a, k) -> new Variance(a, k, 0), "torch.var(x0, %s, correction=0, keepdim=%s)", false));
        rows.addAll(reduction((a, k) -> new Variance(a, k, 1), "torch.var(x0, %s, correction=1, keepdim=%s)", false));
        rows.addAll(List.of(
                Row.of(new Max(List.of(0L), false))
                        .torch("torch.amax(x0, [0])")
                        .on(values(Shape.of(5), 2, 1, 2, 0, 2))
                        .forwardOn(values(Shape.of(3), 1, Double.NaN, 2))
                        .forwardOn(values(Shape.of(2), Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY)),
                Row.of(new Min(List.of(1L), true))
                        .torch("torch.amin(x0, [1], True)")
                        .on(values(Shape.of(2, 3), 2, 1, 1, 0, 0, 0)),
                Row.of(new Norm(2, ALL, false)).torch("torch.norm(x0)").on(values(Shape.of(3), 0, 0, 0)),
                Row.of(new LogSumExp(ALL, false))
                        .torch("torch.logsumexp(x0, [0])")
                        .on(values(Shape.of(3), 1000, 999, -1000))
                        .forwardOn(values(Shape.of(2), Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY))
                        .forwardOn(values(Shape.of(2), Double.POSITIVE_INFINITY, 1)),
                Row.of(new Mean(ALL, false))
                        .torch("torch.mean(x0)")
                        .on(real(-2, 2, 0))
                        .order(0),
                Row.of(new Mean(ALL, false))
                        .torch("torch.mean(x0.to(6))")
                        .on(whole(DType.INT32, -9, 9, 7))
                        .order(0),
                Row.of(new Sum(ALL, false))
                        .torch("torch.sum(x0)")
                        .on(whole(DType.BOOL, 0, 2, 3, 5))
                        .on(whole(DType.UINT8, 0, 256, 3, 50))
                        .on(whole(DType.INT64, -9, 9, 3, 5))
                        .order(0),
                Row.of(new Max(List.of(1L), false))
                        .torch("torch.amax(x0, [1])")
                        .on(whole(DType.INT32, -9, 9, 3, 5))
                        .on(whole(DType.INT64, -9, 9, 3, 1))
                        .order(0),
                prod(ALL, false, "torch.prod(torch.flatten(x0), 0)"),
                prod(List.of(1L), false, "torch.prod(x0, 1)"),
                prod(List.of(0L), true, "torch.prod(x0, 0, True)"),
                prod(List.of(0L, 1L), false, "torch.prod(torch.flatten(x0, 0, 1), 0)"),
                Row.of(new Prod(List.of(0L), false))
                        .torch("torch.prod(x0, 0)")
                        .on(values(Shape.of(5), 2, 0, 3, 1, 4))
                        .on(values(Shape.of(4), 2, 0, 0, 4))
                        .on(real(-2, 2, 0)),
                Row.of(new Prod(ALL, false))
                        .torch("torch.prod(x0)")
                        .on(whole(DType.INT64, 1, 4, 3, 3))
                        .on(whole(DType.BOOL, 0, 2, 3))
                        .order(0)));
        rows.addAll(arg(true));
        rows.addAll(arg(false));
        rows.addAll(running());
        return rows;
    }

    private static List<Row> reduction(BiFunction<List<Long>, Boolean, Operator> make, String torch, boolean empty) {
        List<Row> rows = new ArrayList<>();
        Row some = Row.of(make.apply(List.of(1L), false)).torch(torch.formatted("[1]", "False"));
        rows.add(some.on(real(-2, 2, 3, 5))
                .on(real(-2, 2, 2, 3, 4))
                .on(real(-2, 2, 0, 3))
                .on(real(-2, 2, 3, 4099)));
        if (empty) {
            some.on(real(-2, 2, 3, 0));
        }
        rows.add(Row.of(make.apply(List.of(0L), true))
                .torch(torch.formatted("[0]", "True"))
                .on(real(-2, 2, 7))
                .on(real(-2, 2, 3, 5))
                .on(real(-2, 2, 33, 129)));
        rows.add(Row.of(make.apply(List.of(0L, 2L), false))
                .torch(torch.formatted("[0, 2]", "False"))
                .on(real(-2, 2, 3, 2, 4))
                .on(real(-2, 2, 2, 3, 2, 2)));
        rows.add(Row.of(make.apply(ALL, false))
                .torch(torch.formatted("[0, 1]", "False"))
                .on(real(-2, 2, 3, 5)));
        return rows;
    }

    private static Row prod(List<Long> axes, boolean keepDims, String torch) {
        return Row.of(new Prod(axes, keepDims))
                .torch(torch)
                .on(real(0.5, 1.5, 3, 5))
                .on(real(-1.5, 1.5, 3, 4))
                .on(real(-1.5, 1.5, 2, 3, 2));
    }

    private static List<Row> arg(boolean max) {
        String torch = max ? "torch.argmax(x0, %s)" : "torch.argmin(x0, %s)";
        BiFunction<Integer, Boolean, Operator> make = max ? ArgMax::new : ArgMin::new;
        return List.of(
                Row.of(make.apply(-1, false))
                        .torch(torch.formatted("-1"))
                        .on(real(-2, 2, 7))
                        .on(real(-2, 2, 3, 5))
                        .on(real(-2, 2, 2, 3, 4))
                        .on(real(-2, 2, 0, 3))
                        .on(whole(DType.INT32, -50, 50, 3, 1))
                        .order(0),
                Row.of(make.apply(0, true))
                        .torch(torch.formatted("0, True"))
                        .on(real(-2, 2, 3, 5))
                        .on(real(-2, 2, 129, 3))
                        .forwardOn(values(Shape.of(4), 1, Double.NaN, 2, Double.NaN))
                        .order(0),
                Row.of(make.apply(0, false))
                        .torch("torch.tensor(" + (max ? 1 : 0) + ")")
                        .forwardOn(max ? values(Shape.of(4), 1, 3, 3, 2) : values(Shape.of(4), 0, 3, 0, 2))
                        .order(0));
    }

    private static List<Row> running() {
        List<Row> rows = new ArrayList<>();
        String flipped = "torch.flip(torch.cumsum(torch.flip(x0, [1]), 1), [1])";
        rows.add(Row.of(new CumulativeSum(1, false, false)).torch("torch.cumsum(x0, 1)"));
        rows.add(Row.of(new CumulativeSum(1, true, false)).torch("torch.cumsum(x0, 1) - x0"));
        rows.add(Row.of(new CumulativeSum(-1, false, true)).torch(flipped));
        rows.add(Row.of(new CumulativeSum(1, true, true)).torch(flipped + " - x0"));
        for (Row r : rows) {
            r.on(real(-2, 2, 3, 5)).on(real(-2, 2, 2, 0)).on(real(-2, 2, 0, 2)).on(real(-2, 2, 1, 1));
        }
        rows.add(Row.of(new CumulativeSum(0, false, false))
                .torch("torch.cumsum(x0, 0)")
                .on(real(-2, 2, 7))
                .on(real(-2, 2, 3, 2, 2))
                .on(whole(DType.BOOL, 0, 2, 6)));
        return rows;
    }

    private static Row norm(double p, String torch) {
        return Row.of(new Norm(p, List.of(1L), false))
                .torch("torch.linalg_vector_norm(x0, " + torch + ", [1], False)")
                .on(real(0.5, 2, 3, 4))
                .on(real(0.5, 2, 2, 5, 3));
    }
}
