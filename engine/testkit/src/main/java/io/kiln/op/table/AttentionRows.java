package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.values;
import static io.kiln.op.table.Argument.whole;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.attention.ScaledDotProductAttention;
import io.kiln.op.internal.ScaledDotProductAttentionGradient;
import java.util.List;

/** Rows of attention. */
final class AttentionRows {
    private static final double INF = Double.POSITIVE_INFINITY;
    private static final String TORCH = "torch.scaled_dot_product_attention(x0, x1, x2, ";

    private AttentionRows() {}

    static List<Row> rows() {
        return List.of(
                Row.of(new ScaledDotProductAttention(0.5, false, false, 0))
                        .torch(
                                TORCH + "None, 0., False, scale=0.5)",
                                "torch.softmax(torch.matmul(x0, torch.transpose(x1, -1, -2)) * 0.5, -1)")
                        .slack(8)
                        .on(real(-1, 1, 3, 2), real(-1, 1, 4, 2), real(-1, 1, 4, 3))
                        .on(real(-1, 1, 2, 3, 2), real(-1, 1, 2, 2, 2), real(-1, 1, 2, 2, 3))
                        .on(real(-1, 1, 2, 3, 2), real(-1, 1, 2, 1, 2), real(-1, 1, 2, 1, 3))
                        .on(real(-1, 1, 2, 3, 17, 8), real(-1, 1, 2, 3, 33, 8), real(-1, 1, 2, 3, 33, 5))
                        .on(real(-1, 1, 2, 2, 3, 2), real(-1, 1, 2, 1, 3, 2), real(-1, 1, 2, 1, 3, 2)),
                Row.of(new ScaledDotProductAttention(0.25, true, false, 0))
                        .torch(TORCH + "None, 0., True, scale=0.25)")
                        .gradientOf(1)
                        .slack(8)
                        .on(real(-1, 1, 2, 3, 2), real(-1, 1, 2, 3, 2), real(-1, 1, 2, 3, 2))
                        .on(real(-1, 1, 2, 19, 8), real(-1, 1, 2, 19, 8), real(-1, 1, 2, 19, 8)),
                Row.of(new ScaledDotProductAttention(0.25, true, false, 0))
                        .torch(TORCH
                                + "torch.tril(torch.ones_like(torch.matmul(x0, torch.transpose(x1, -1, -2))), 2).to(11),"
                                + " 0., False, scale=0.25)")
                        .gradientOf(1)
                        .slack(8)
                        .on(real(-1, 1, 2, 2, 2), real(-1, 1, 2, 4, 2), real(-1, 1, 2, 4, 2)),
                Row.of(new ScaledDotProductAttention(0.25, true, false, 0, true))
                        .torch(TORCH + "None, 0., True, scale=0.25)")
                        .gradientOf(1)
                        .slack(8)
                        .on(real(-1, 1, 2, 2, 2), real(-1, 1, 2, 4, 2), real(-1, 1, 2, 4, 2))
                        .on(real(-1, 1, 2, 5, 2), real(-1, 1, 2, 3, 2), real(-1, 1, 2, 3, 2)),
                Row.of(new ScaledDotProductAttention(1, false, true, 0))
                        .torch(TORCH + "x3, 0., False, scale=1.)")
                        .gradientOf(1)
                        .slack(8)
                        .on(real(-1, 1, 2, 3, 2), real(-1, 1, 2, 3, 2), real(-1, 1, 2, 3, 2), real(-2, 2, 3, 3))
                        .on(
                                real(-1, 1, 2, 3, 9, 4),
                                real(-1, 1, 2, 3, 7, 4),
                                real(-1, 1, 2, 3, 7, 4),
                                real(-2, 2, 2, 1, 1, 7)),
                Row.of(new ScaledDotProductAttention(1, false, true, 0))
                        .torch(
                                "torch.matmul(torch.nan_to_num(torch.softmax(torch.matmul(x0, torch.transpose(x1, -1, -2))"
                                        + " + x3, -1), 0.), x2)")
                        .forwardOn(
                                real(-1, 1, 2, 3, 2),
                                real(-1, 1, 2, 3, 2),
                                real(-1, 1, 2, 3, 2),
                                values(Shape.of(3, 3), 0, -INF, 1, -INF, -INF, -INF, -INF, 0.5, -INF)),
                Row.of(new ScaledDotProductAttention(1, true, true, 0))
                        .torch("torch.matmul(torch.nan_to_num(torch.softmax(torch.masked_fill(torch.matmul(x0,"
                                + " torch.transpose(x1, -1, -2)), torch.logical_not(torch.logical_and(x3,"
                                + " torch.tril(torch.ones_like(torch.matmul(x0, torch.transpose(x1, -1, -2)))).to(11))),"
                                + " -1e30), -1) * torch.logical_and(x3, torch.tril(torch.ones_like(torch.matmul(x0,"
                                + " torch.transpose(x1, -1, -2)))).to(11)).to(x0.dtype), 0.), x2)")
                        .gradientOf(1)
                        .slack(8)
                        .on(
                                real(-1, 1, 2, 4, 2),
                                real(-1, 1, 2, 4, 2),
                                real(-1, 1, 2, 4, 2),
                                whole(DType.BOOL, 0, 2, 2, 1, 4))
                        .on(
                                real(-1, 1, 2, 3, 9, 4),
                                real(-1, 1, 2, 3, 9, 4),
                                real(-1, 1, 2, 3, 9, 4),
                                whole(DType.BOOL, 0, 2, 9, 9)),
                Row.of(new ScaledDotProductAttention(0.5, false, false, 0.3))
                        .torch(TORCH + "None, 0., False, scale=0.5)")
                        .gradientOf(1)
                        .slack(8)
                        .on(real(-1, 1, 2, 3, 2), real(-1, 1, 2, 2, 2), real(-1, 1, 2, 2, 3))
                        .on(real(-1, 1, 2, 3, 2), real(-1, 1, 2, 1, 2), real(-1, 1, 2, 1, 3)),
                Row.of(new ScaledDotProductAttention(0.5, false, false, 0.3))
                        .checkedIn("firstDerivativesEqualDifferences and AttentionTest")
                        .training()
                        .gradientOf(1)
                        .slack(8)
                        .on(real(-1, 1, 2, 3, 2), real(-1, 1, 2, 2, 2), real(-1, 1, 2, 2, 3))
                        .on(real(-1, 1, 2, 3, 2), real(-1, 1, 2, 1, 2), real(-1, 1, 2, 1, 3)),
                gradient(false).on(heads()),
                gradient(true).on(heads(real(0, 2, 2, 3, 4))));
    }

    private static Row gradient(boolean dropped) {
        String dp = "torch.matmul(x0, torch.transpose(x3, -1, -2))" + (dropped ? " * x5" : "");
        String ds = "(((" + dp + ") - torch.sum((" + dp + ") * x4, [-1], True)) * x4 * 0.5)";
        String p = dropped ? "(x4 * x5)" : "x4";
        return Row.of(new ScaledDotProductAttentionGradient(0.5, dropped))
                .torch(
                        "torch.matmul(" + ds + ", x2)",
                        "torch.matmul(torch.transpose(" + ds + ", -1, -2), x1)",
                        "torch.matmul(torch.transpose(" + p + ", -1, -2), x0)")
                .slack(8);
    }

    private static Argument[] heads(Argument... more) {
        Argument[] all = new Argument[5 + more.length];
        all[0] = real(-1, 1, 2, 3, 2);
        all[1] = real(-1, 1, 2, 3, 2);
        all[2] = real(-1, 1, 2, 4, 2);
        all[3] = real(-1, 1, 2, 4, 2);
        all[4] = real(0, 1, 2, 3, 4);
        System.arraycopy(more, 0, all, 5, more.length);
        return all;
    }
}
