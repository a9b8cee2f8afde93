package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.values;
import static io.kiln.op.table.Argument.whole;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.attention.FlashAttention;
import io.kiln.op.internal.FlashAttentionGradient;
import java.util.List;

/** Rows of attention without weights in memory: the first case of each has more than one tile where gradients are cheap enough. */
final class FlashAttentionRows {
    private static final double INF = Double.POSITIVE_INFINITY;
    private static final String TORCH = "torch.scaled_dot_product_attention(x0, x1, x2, ";

    private FlashAttentionRows() {}

    static List<Row> rows() {
        return List.of(
                plain(TORCH + "None, 0., False, scale=0.5)", new FlashAttention(0.5, false, false, false))
                        .on(real(-1, 1, 2, 11, 3), real(-1, 1, 2, 18, 3), real(-1, 1, 2, 18, 2))
                        .on(real(-1, 1, 3, 2), real(-1, 1, 4, 2), real(-1, 1, 4, 3))
                        .on(real(-1, 1, 2, 3, 35, 8), real(-1, 1, 2, 3, 67, 8), real(-1, 1, 2, 3, 67, 5))
                        .on(real(-1, 1, 2, 2, 3, 2), real(-1, 1, 2, 1, 3, 2), real(-1, 1, 2, 1, 3, 2))
                        .on(real(-1, 1, 1, 3, 2), real(-1, 1, 2, 4, 2), real(-1, 1, 2, 4, 2)),
                plain(TORCH + "None, 0., True, scale=0.25)", new FlashAttention(0.25, true, false, false))
                        .on(real(-1, 1, 2, 19, 2), real(-1, 1, 2, 19, 2), real(-1, 1, 2, 19, 2))
                        .on(real(-1, 1, 2, 40, 8), real(-1, 1, 2, 40, 8), real(-1, 1, 2, 40, 8)),
                plain(
                                TORCH + "torch.tril(torch.ones_like(torch.matmul(x0, torch.transpose(x1, -1, -2))),"
                                        + " 2).to(11), 0., False, scale=0.25)",
                                new FlashAttention(0.25, true, false, false))
                        .on(real(-1, 1, 2, 2, 2), real(-1, 1, 2, 4, 2), real(-1, 1, 2, 4, 2)),
                plain(TORCH + "None, 0., True, scale=0.25)", new FlashAttention(0.25, true, false, true))
                        .on(real(-1, 1, 2, 5, 2), real(-1, 1, 2, 3, 2), real(-1, 1, 2, 3, 2))
                        .on(real(-1, 1, 2, 2, 2), real(-1, 1, 2, 4, 2), real(-1, 1, 2, 4, 2)),
                plain(TORCH + "x3, 0., False, scale=1.)", new FlashAttention(1, false, true, false))
                        .on(
                                real(-1, 1, 2, 2, 3, 2),
                                real(-1, 1, 2, 2, 9, 2),
                                real(-1, 1, 2, 2, 9, 2),
                                real(-2, 2, 2, 1, 1, 9))
                        .on(real(-1, 1, 2, 3, 2), real(-1, 1, 2, 3, 2), real(-1, 1, 2, 3, 2), real(-2, 2, 3, 3)),
                Row.of(new FlashAttention(1, false, true, false))
                        .torch(
                                "torch.matmul(torch.nan_to_num(torch.softmax(torch.matmul(x0, torch.transpose(x1, -1, -2))"
                                        + " + x3, -1), 0.), x2)")
                        .forwardOn(
                                real(-1, 1, 2, 3, 2),
                                real(-1, 1, 2, 3, 2),
                                real(-1, 1, 2, 3, 2),
                                values(Shape.of(3, 3), 0, -INF, 1, -INF, -INF, -INF, -INF, 0.5, -INF)),
                plain(weighted(), new FlashAttention(1, true, true, false))
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
                gradient());
    }

    private static Row plain(String torch, FlashAttention attention) {
        return Row.of(attention).torch(torch).gradientOf(1).slack(8);
    }

    /** Causal, with a mask of bool, and with queries that see no key. */
    private static String weighted() {
        String scores = "torch.matmul(x0, torch.transpose(x1, -1, -2))";
        String seen = "torch.logical_and(x3, torch.tril(torch.ones_like(" + scores + ")).to(11))";
        return "torch.matmul(torch.softmax(torch.masked_fill(" + scores + ", torch.logical_not(" + seen
                + "), -1e30), -1) * " + seen + ".to(x0.dtype), x2)";
    }

    private static Row gradient() {
        String p = "torch.softmax(torch.matmul(x1, torch.transpose(x2, -1, -2)) * 0.5, -1)";
        String dp = "torch.matmul(x0, torch.transpose(x3, -1, -2))";
        String ds = "((" + dp + " - torch.sum(" + dp + " * " + p + ", [-1], True)) * " + p + " * 0.5)";
        return Row.of(new FlashAttentionGradient(0.5, false, false, false))
                .torch(
                        "torch.matmul(" + ds + ", x2)",
                        "torch.matmul(torch.transpose(" + ds + ", -1, -2), x1)",
                        "torch.matmul(torch.transpose(" + p + ", -1, -2), x0)")
                .slack(8)
                .on(
                        real(-1, 1, 2, 3, 2),
                        real(-1, 1, 2, 3, 2),
                        real(-1, 1, 2, 4, 2),
                        real(-1, 1, 2, 4, 2),
                        real(-1, 1, 2, 3, 2).constant());
    }
}
