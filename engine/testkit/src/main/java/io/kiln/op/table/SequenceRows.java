package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.internal.CtcLossGradient;
import io.kiln.op.nn.CtcLoss;
import io.kiln.op.recurrent.SequenceLast;
import io.kiln.op.recurrent.SequenceMask;
import io.kiln.op.recurrent.SequenceReverse;
import java.util.ArrayList;
import java.util.List;

/** Rows of operators on sequences of different lengths. */
final class SequenceRows {
    private static final String INSIDE =
            "torch.lt(torch.unsqueeze(torch.arange(torch.size(x0, %s)), %s)," + " torch.unsqueeze(x1, %s))";

    private SequenceRows() {}

    static List<Row> rows() {
        List<Row> rows = new ArrayList<>(List.of(
                mask(0, "0", "1", "0"),
                mask(1.5, "0", "1", "0"),
                Row.of(new SequenceMask(-1, 1))
                        .torch("torch.where(torch.reshape(" + INSIDE.formatted("1", "0", "1")
                                + ", [torch.size(x0, 0), torch.size(x0, 1), 1]), x0, torch.full_like(x0, -1))")
                        .on(real(-2, 2, 3, 4, 2), lengths(0, 2, 4))
                        .on(real(-2, 2, 2, 3, 1), lengths(-1, 9)),
                Row.of(new SequenceLast(0))
                        .torch("torch.index(x0, [torch.sub(x1, 1), torch.arange(torch.size(x1, 0))])")
                        .on(real(-2, 2, 4, 3, 2), lengths(1, 2, 4))
                        .on(real(-2, 2, 4, 3), lengths(4, 1, 3))
                        .on(real(-2, 2, 4, 0), lengths()),
                Row.of(new SequenceLast(1))
                        .torch("torch.index(x0, [torch.arange(torch.size(x1, 0)), torch.sub(x1, 1)])")
                        .on(real(-2, 2, 3, 4, 2), lengths(1, 2, 4)),
                reverse(0, "torch.index(x0, [%s, torch.unsqueeze(torch.arange(torch.size(x0, 1)), 0)])")
                        .on(real(-2, 2, 4, 3, 2), lengths(0, 3, 4))
                        .on(real(-2, 2, 5, 2), lengths(1, 5))
                        .on(real(-2, 2, 0, 2), lengths(0, 0)),
                reverse(1, "torch.index(x0, [torch.unsqueeze(torch.arange(torch.size(x0, 0)), 1), %s])")
                        .on(real(-2, 2, 3, 4, 2), lengths(2, 3, 4))
                        .on(real(-2, 2, 0, 4), lengths())));
        rows.addAll(ctc());
        return rows;
    }

    private static Row mask(double value, String time, String inner, String outer) {
        return Row.of(new SequenceMask(value, 0))
                .torch("torch.where(" + INSIDE.formatted(time, inner, outer) + ", x0, torch.full_like(x0, " + value
                        + "))")
                .on(real(-2, 2, 4, 3), lengths(0, 2, 4))
                .on(real(-2, 2, 0, 2), lengths(0, 0))
                .on(real(-2, 2, 3, 0), lengths());
    }

    private static Row reverse(int timeAxis, String torch) {
        String t = timeAxis == 0
                ? "torch.unsqueeze(torch.arange(torch.size(x0, 0)), 1)"
                : "torch.unsqueeze(torch.arange(torch.size(x0, 1)), 0)";
        String n = "torch.unsqueeze(x1, " + timeAxis + ")";
        String source = "torch.where(torch.lt(" + t + ", " + n + "), torch.sub(torch.sub(" + n + ", 1), " + t
                + "), torch.add(" + t + ", torch.mul(" + n + ", 0)))";
        return Row.of(new SequenceReverse(timeAxis)).torch(torch.formatted(source));
    }

    private static List<Row> ctc() {
        return List.of(
                ctc(0, false)
                        .on(real(-2, 2, 5, 2, 4), labels(2, 3, 1, 2, 2, 3, 1, 1), lengths(5, 4), lengths(3, 2))
                        .on(real(-2, 2, 4, 1, 3), labels(1, 2, 1, 1), lengths(4), lengths(2))
                        .on(real(-2, 2, 3, 2, 3), labels(2, 1, 1, 2), lengths(3, 2), lengths(0, 1))
                        .forwardOn(real(-2, 2, 2, 1, 3), labels(1, 2, 1, 1), lengths(2), lengths(2)),
                ctc(2, true)
                        .on(real(-2, 2, 6, 2, 4), labels(2, 2, 0, 1, 3, 3), lengths(6, 5), lengths(2, 2))
                        .on(real(-2, 2, 2, 1, 3), labels(1, 2, 1, 1), lengths(2), lengths(2)),
                Row.of(new CtcLossGradient(0))
                        .checkedIn("the gradient of CtcLoss")
                        .order(0)
                        .slack(4)
                        .on(
                                real(-1, 1, 2),
                                real(-2, 2, 5, 2, 4),
                                labels(2, 3, 1, 2, 2, 3, 1, 1),
                                lengths(5, 4),
                                lengths(3, 2)));
    }

    private static Row ctc(int blank, boolean zeroInfinity) {
        return Row.of(new CtcLoss(blank, zeroInfinity))
                .order(1)
                .slack(16)
                .torch("torch.ctc_loss(torch.log_softmax(x0, 2), x1, x2, x3, " + blank + ", 0, "
                        + (zeroInfinity ? "True" : "False") + ")");
    }

    private static Argument lengths(double... n) {
        return fixed(Shape.of(n.length), n);
    }

    private static Argument labels(int n, int width, double... labels) {
        return fixed(Shape.of(n, width), labels);
    }

    private static Argument fixed(Shape shape, double... v) {
        return new Argument(shape, DType.INT64, 0, 0, v, false);
    }
}
