package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.values;
import static io.kiln.op.table.Argument.whole;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.internal.GroupNormGradient;
import io.kiln.op.nn.Fold;
import io.kiln.op.nn.GroupNormOp;
import io.kiln.op.nn.LocalResponseNorm;
import io.kiln.op.nn.RmsNormOp;
import io.kiln.op.nn.Unfold;
import io.kiln.op.reduce.All;
import io.kiln.op.reduce.Any;
import io.kiln.op.reduce.CountNonzero;
import io.kiln.op.reduce.CumulativeMax;
import io.kiln.op.reduce.CumulativeMin;
import io.kiln.op.reduce.CumulativeProduct;
import io.kiln.op.reduce.Histogram;
import io.kiln.op.reduce.QuantileOp;
import io.kiln.op.reduce.StandardDeviation;
import io.kiln.op.shape.DepthToSpace;
import io.kiln.op.shape.PixelShuffleOp;
import io.kiln.op.shape.PixelUnshuffle;
import io.kiln.op.shape.Roll;
import io.kiln.op.shape.SpaceToDepth;
import io.kiln.op.shape.Tril;
import io.kiln.op.shape.Triu;
import java.util.ArrayList;
import java.util.List;

/** Rows of triangles, shifts, windows, counts, running extremes and of normalisations over groups and channels. */
final class StructureRows {
    private static final List<Long> ALL = List.of();

    private StructureRows() {}

    static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        rows.addAll(triangles());
        rows.addAll(windows());
        rows.addAll(counts());
        rows.addAll(running());
        rows.addAll(norms());
        return rows;
    }

    private static List<Row> triangles() {
        return List.of(
                Row.of(new Tril(0))
                        .torch("torch.tril(x0)")
                        .on(real(-2, 2, 3, 4))
                        .on(real(-2, 2, 2, 4, 3))
                        .on(real(-2, 2, 0, 3)),
                Row.of(new Tril(-1))
                        .torch("torch.tril(x0, -1)")
                        .on(real(-2, 2, 4, 4))
                        .on(whole(DType.INT32, -5, 6, 3, 3)),
                Row.of(new Triu(1))
                        .torch("torch.triu(x0, 1)")
                        .on(real(-2, 2, 4, 4))
                        .on(real(-2, 2, 2, 3, 5)),
                Row.of(new Triu(-2)).torch("torch.triu(x0, -2)").on(real(-2, 2, 5, 3)),
                Row.of(new Roll(2, 1))
                        .torch("torch.roll(x0, [2], [1])")
                        .on(real(-2, 2, 3, 5))
                        .on(real(-2, 2, 2, 3, 2))
                        .on(real(-2, 2, 2, 0)),
                Row.of(new Roll(-7, -1))
                        .torch("torch.roll(x0, [-7], [-1])")
                        .on(real(-2, 2, 5))
                        .on(real(-2, 2, 0, 3)),
                Row.of(new DepthToSpace(2))
                        .torch(
                                "torch.reshape(torch.permute(torch.reshape(x0, [-1, 2, 2, 3, 3, 2]), [0, 3, 4, 1, 5, 2]),"
                                        + " [-1, 3, 6, 4])")
                        .on(real(-2, 2, 2, 12, 3, 2)),
                Row.of(new SpaceToDepth(2))
                        .torch(
                                "torch.reshape(torch.permute(torch.reshape(x0, [-1, 3, 3, 2, 2, 2]), [0, 3, 5, 1, 2, 4]),"
                                        + " [-1, 12, 3, 2])")
                        .on(real(-2, 2, 2, 3, 6, 4)),
                Row.of(new PixelShuffleOp(List.of(2L, 2L)))
                        .torch("torch.pixel_shuffle(x0, 2)")
                        .on(real(-2, 2, 2, 8, 3, 2)),
                Row.of(new PixelUnshuffle(List.of(2L, 2L)))
                        .torch("torch.pixel_unshuffle(x0, 2)")
                        .on(real(-2, 2, 2, 3, 4, 2)),
                Row.of(new PixelShuffleOp(List.of(3L)))
                        .torch(
                                "torch.reshape(torch.permute(torch.reshape(x0, [-1, 2, 3, 4]), [0, 1, 3, 2]), [-1, 2, 12])")
                        .on(real(-2, 2, 2, 6, 4)),
                Row.of(new PixelUnshuffle(List.of(3L)))
                        .torch(
                                "torch.reshape(torch.permute(torch.reshape(x0, [-1, 2, 4, 3]), [0, 1, 3, 2]), [-1, 6, 4])")
                        .on(real(-2, 2, 2, 2, 12)));
    }

    private static List<Row> windows() {
        return List.of(
                Row.of(new Unfold(List.of(2L, 3L), List.of(2L, 1L), List.of(1L, 0L), List.of(1L, 2L)))
                        .torch("torch.im2col(x0, [2, 3], [1, 2], [1, 0], [2, 1])")
                        .on(real(-2, 2, 2, 2, 4, 6))
                        .on(real(-2, 2, 1, 1, 1, 5)),
                Row.of(new Fold(List.of(4L, 6L), List.of(2L, 3L), List.of(2L, 1L), List.of(1L, 0L), List.of(1L, 2L)))
                        .torch("torch.col2im(x0, [4, 6], [2, 3], [1, 2], [1, 0], [2, 1])")
                        .on(real(-2, 2, 2, 12, 6)),
                Row.of(new Unfold(List.of(3L), List.of(1L), List.of(1L), List.of(1L)))
                        .torch("torch.im2col(torch.unsqueeze(x0, 2), [1, 3], [1, 1], [0, 1], [1, 1])")
                        .on(real(-2, 2, 2, 3, 5)));
    }

    private static List<Row> counts() {
        List<Row> rows = new ArrayList<>(List.of(
                count(new Any(List.of(1L), false), "torch.any(x0, 1)"),
                count(new Any(List.of(0L), true), "torch.any(x0, 0, True)"),
                count(new All(List.of(1L), false), "torch.all(x0, 1)"),
                count(new CountNonzero(List.of(1L), false), "torch.count_nonzero(x0, 1)"),
                Row.of(new Any(ALL, false))
                        .torch("torch.any(x0)")
                        .order(0)
                        .on(whole(DType.BOOL, 0, 2, 3))
                        .on(real(-2, 2))
                        .on(real(-2, 2, 0))
                        .forwardOn(values(Shape.of(2), 0, Double.NaN)),
                Row.of(new All(ALL, false))
                        .torch("torch.all(x0)")
                        .order(0)
                        .on(whole(DType.BOOL, 0, 2, 3))
                        .on(real(-2, 2, 0))
                        .forwardOn(values(Shape.of(2), 1, Double.NaN)),
                Row.of(new Histogram(4, -1, 1))
                        .torch("torch.histc(x0, 4, -1, 1).to(4)")
                        .order(0)
                        .on(real(-2, 2, 50))
                        .on(real(-2, 2, 3, 5))
                        .on(real(-2, 2, 0))
                        .forwardOn(values(Shape.of(4), -1, 1, 1.5, -0.5)),
                Row.of(new Histogram(3, 0, 6))
                        .torch("torch.histc(x0.to(7), 3, 0, 6).to(4)")
                        .order(0)
                        .on(whole(DType.INT64, -2, 9, 40))));
        for (long k : new long[] {0, 1}) {
            String std = "torch.std(x0, %s, correction=" + k + ", keepdim=%s)";
            rows.add(Row.of(new StandardDeviation(List.of(1L), false, k))
                    .torch(std.formatted("[1]", "False"))
                    .slack(4)
                    .on(real(-2, 2, 3, 5))
                    .on(real(-2, 2, 2, 3, 2))
                    .on(real(-2, 2, 0, 3)));
            rows.add(Row.of(new StandardDeviation(List.of(0L, 1L), true, k))
                    .torch(std.formatted("[0, 1]", "True"))
                    .slack(4)
                    .on(real(-2, 2, 3, 5)));
        }
        for (double q : new double[] {0, 0.3, 0.5, 1}) {
            rows.add(Row.of(new QuantileOp(q, 1, false))
                    .torch("torch.quantile(x0, " + q + ", 1)")
                    .slack(4)
                    .on(real(-2, 2, 3, 5))
                    .on(real(-2, 2, 3, 4))
                    .on(real(-2, 2, 2, 3, 2)));
        }
        rows.add(Row.of(new QuantileOp(0.5, -1, true))
                .torch("torch.quantile(x0, 0.5, -1, True)")
                .on(real(-2, 2, 7))
                .forwardOn(values(Shape.of(3), 1, Double.NaN, 2)));
        return rows;
    }

    private static Row count(Operator operator, String torch) {
        return Row.of(operator)
                .torch(torch)
                .order(0)
                .on(whole(DType.BOOL, 0, 2, 4, 3))
                .on(whole(DType.INT32, -1, 2, 3, 5))
                .on(whole(DType.BOOL, 0, 2, 3, 0))
                .on(real(-2, 2, 2, 3));
    }

    private static List<Row> running() {
        return List.of(
                Row.of(new CumulativeProduct(1))
                        .torch("torch.cumprod(x0, 1)")
                        .slack(4)
                        .on(real(-2, 2, 3, 5))
                        .on(real(-2, 2, 2, 3, 2))
                        .on(real(-2, 2, 2, 0))
                        .on(values(Shape.of(1, 4), 2, 0, 3, 0)),
                Row.of(new CumulativeProduct(0))
                        .torch("torch.cumprod(x0, 0)")
                        .order(0)
                        .on(whole(DType.INT64, -2, 3, 6)),
                extreme(new CumulativeMax(1), "torch.cummax(x0, 1)"),
                extreme(new CumulativeMin(1), "torch.cummin(x0, 1)"),
                Row.of(new CumulativeMax(0))
                        .torch("(torch.cummax(x0, 0))[0]", "(torch.cummax(x0, 0))[1]")
                        .on(real(-2, 2, 5, 3))
                        .on(whole(DType.INT32, -3, 3, 7)));
    }

    private static Row extreme(Operator operator, String torch) {
        return Row.of(operator)
                .torch("(" + torch + ")[0]", "(" + torch + ")[1]")
                .on(real(-2, 2, 3, 5))
                .on(real(-2, 2, 2, 3, 2))
                .on(real(-2, 2, 2, 0))
                .forwardOn(values(Shape.of(1, 5), 1, 1, Double.NaN, 3, 1));
    }

    private static List<Row> norms() {
        String group = "torch.group_norm(x0, %s, x1, x2, 0.001, False)";
        return List.of(
                Row.of(new RmsNormOp(1e-3))
                        .torch("x0 * torch.rsqrt(torch.mean(x0 * x0, [-1], True) + 0.001) * x1")
                        .slack(8)
                        .on(real(-2, 2, 3, 5), real(0.5, 2, 5))
                        .on(real(-2, 2, 2, 3, 4), real(0.5, 2, 4))
                        .on(real(-2, 2, 0, 4), real(0.5, 2, 4))
                        .on(real(-2, 2, 7), real(0.5, 2, 7))
                        .on(real(-2, 2, 33, 129), real(0.5, 2, 129)),
                norm(new GroupNormOp(2, 1e-3), group.formatted("2"), 4).on(data(0, 4, 3)),
                norm(new GroupNormOp(1, 1e-3), group.formatted("1"), 3),
                norm(new GroupNormOp(3, 1e-3), group.formatted("3"), 3),
                Row.of(new GroupNormGradient(2, 1e-3))
                        .checkedIn("the gradient of GroupNorm")
                        .slack(64)
                        .on(real(-1, 1, 2, 4, 3), real(-2, 2, 2, 4, 3), real(0.5, 2, 4), real(-1, 1, 4)),
                Row.of(new LocalResponseNorm(3, 0.5, 0.75, 2))
                        .torch(
                                "x0 * torch.pow(torch.reshape(torch.avg_pool2d(torch.reshape(x0 * x0, [torch.size(x0, 0), 1,"
                                        + " torch.size(x0, 1), -1]), [3, 1], [1, 1], [1, 0], False, True, None), torch.size(x0))"
                                        + " * 0.5 + 2, -0.75)")
                        .slack(8)
                        .on(real(-2, 2, 2, 5, 3))
                        .on(real(-2, 2, 2, 1, 2, 2)));
    }

    private static Row norm(Operator operator, String torch, int channels) {
        return Row.of(operator)
                .torch(torch)
                .slack(16)
                .on(data(2, channels, 3))
                .on(data(2, channels, 2, 3))
                .on(data(5, channels, 33, 17));
    }

    private static Argument[] data(long... dims) {
        return new Argument[] {real(-2, 2, dims), real(0.5, 2, dims[1]), real(-1, 1, dims[1])};
    }
}
