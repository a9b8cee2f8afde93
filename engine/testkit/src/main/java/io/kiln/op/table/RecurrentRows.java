package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.whole;

import io.kiln.ndarray.DType;
import io.kiln.op.activation.Activation;
import io.kiln.op.internal.GruGradient;
import io.kiln.op.internal.LstmGradient;
import io.kiln.op.internal.RnnGradient;
import io.kiln.op.recurrent.GruOp;
import io.kiln.op.recurrent.LstmOp;
import io.kiln.op.recurrent.RnnOp;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;

/**
 * Rows of the recurrent operators. What libtorch computes of packed sequences is left to differences and to the tests of the
 * layers; so are the gradient operators, which rows of the operators themselves exercise.
 */
final class RecurrentRows {
    private static final String ELSEWHERE = "the rows of the operator whose gradient it is, and RecurrentTest";

    private RecurrentRows() {}

    static List<Row> rows() {
        return List.of(
                lstm(false).on(lstmArguments(3, 2, 3, 2, 0, true)),
                lstm(true).on(lstmArguments(3, 2, 3, 2, 0, true)),
                Row.of(new LstmOp(false, false, false, false))
                        .torch(lstmCall("x0", "zz", "zz", "x1, x2, x3, x4", 0))
                        .gradientOf(1)
                        .slack(8)
                        .on(lstmArguments(1, 3, 2, 3, 0, false))
                        .on(lstmArguments(4, 5, 19, 33, 0, false)),
                Row.of(new LstmOp(false, true, true, false))
                        .torch(lstmCall("x0", "x6", "x7", "x1, x2, x3, x4, x5", 0))
                        .gradientOf(1)
                        .slack(8)
                        .on(lstmArguments(3, 2, 2, 3, 2, true)),
                Row.of(new LstmOp(false, true, true, true))
                        .checkedIn("RecurrentTest")
                        .gradientOf(2)
                        .slack(8)
                        .on(with(lstmArguments(3, 2, 2, 2, 1, true), lengths(2))),
                Row.of(new LstmOp(true, false, false, true))
                        .checkedIn("RecurrentTest")
                        .gradientOf(2)
                        .slack(8)
                        .on(with(lstmArguments(3, 2, 2, 2, 0, false), lengths(2))),
                Row.of(new LstmOp(false, false, true, false, false))
                        .torch(
                                lstmCall("x0", "x5", "x6", "x1, x2, x3, x4", 0),
                                "torch.select(" + lstmCall("x0", "x5", "x6", "x1, x2, x3, x4", 2) + ", 0, 0)")
                        .gradientOf(2)
                        .slack(8)
                        .on(lstmArguments(3, 2, 3, 2, 0, true))
                        .on(lstmArguments(4, 5, 19, 33, 0, true)),
                Row.of(new LstmOp(true, true, false, true, false))
                        .checkedIn("RecurrentTest")
                        .gradientOf(2)
                        .slack(8)
                        .on(with(lstmArguments(3, 2, 2, 3, 2, false), lengths(2))),
                Row.of(new GruOp(false, true, false))
                        .torch(call("gru", "x0", "x5"))
                        .gradientOf(1)
                        .slack(8)
                        .on(arguments(3, 3, 2, 3, 2, true))
                        .on(arguments(3, 4, 5, 19, 33, true)),
                Row.of(new GruOp(true, true, false))
                        .torch("torch.flip(" + call("gru", "torch.flip(x0, [0])", "x5") + ", [0])")
                        .gradientOf(1)
                        .slack(8)
                        .on(arguments(3, 3, 2, 3, 2, true)),
                Row.of(new GruOp(false, true, false, true, false))
                        .torch(call("gru", "x0", "x5"))
                        .slack(8)
                        .on(arguments(3, 3, 2, 3, 2, true))
                        .on(arguments(3, 4, 5, 19, 33, true)),
                Row.of(new GruOp(true, false, true, true, false))
                        .checkedIn("RecurrentTest")
                        .slack(8)
                        .on(with(arguments(3, 3, 2, 2, 2, false), lengths(2))),
                Row.of(new GruOp(false, true, false, false))
                        .torch("torch.stack([" + paperStep("x0[0]", "x5") + ", "
                                + paperStep("x0[1]", paperStep("x0[0]", "x5")) + "])")
                        .gradientOf(1)
                        .slack(8)
                        .on(arguments(3, 2, 2, 3, 2, true))
                        .on(arguments(3, 2, 5, 19, 33, true)),
                Row.of(new GruOp(true, false, true, false))
                        .checkedIn("RecurrentTest")
                        .gradientOf(1)
                        .slack(8)
                        .on(with(arguments(3, 3, 2, 2, 2, false), lengths(2))),
                Row.of(new GruOp(false, false, true))
                        .checkedIn("RecurrentTest")
                        .gradientOf(1)
                        .slack(8)
                        .on(with(arguments(3, 3, 2, 2, 2, false), lengths(2))),
                rnn(Activation.TANH, "rnn_tanh"),
                rnn(Activation.RELU, "rnn_relu"),
                Row.of(new RnnOp(Activation.SIGMOID, true, true, true))
                        .checkedIn("RecurrentTest")
                        .slack(8)
                        .on(with(arguments(1, 3, 2, 3, 2, true), lengths(2))),
                Row.of(new RnnOp(Activation.NONE, true, false, false))
                        .checkedIn("RecurrentTest")
                        .slack(8)
                        .on(arguments(1, 3, 2, 3, 2, false)),
                Row.of(new LstmGradient(false, false, true, false, true, true))
                        .checkedIn(ELSEWHERE)
                        .order(0)
                        .keptResults()
                        .slack(8)
                        .forwardOn(behind(lstmArguments(2, 2, 3, 2, 0, true), 2, 2, 2, 2, 2, 8)),
                Row.of(new GruGradient(false, true, false, true, true))
                        .checkedIn(ELSEWHERE)
                        .order(0)
                        .keptResults()
                        .slack(8)
                        .forwardOn(behind(arguments(3, 2, 2, 3, 2, true), 1, 2, 2, 2, 8)),
                Row.of(new RnnGradient(Activation.TANH, false, true, false))
                        .checkedIn(ELSEWHERE)
                        .order(0)
                        .keptResults()
                        .slack(8)
                        .forwardOn(behind(arguments(1, 2, 2, 3, 2, true), 1, 2, 2, 2)));
    }

    private static Row lstm(boolean reverse) {
        StringJoiner cells = new StringJoiner(", ", "torch.cat([", "], 0)");
        for (int t = 1; t <= 3; t++) {
            String part = "torch.slice(" + (reverse ? "torch.flip(x0, [0])" : "x0") + ", 0, 0, " + t + ", 1)";
            cells.add(lstmCall(part, "x5", "x6", "x1, x2, x3, x4", 2));
        }
        String y = lstmCall(reverse ? "torch.flip(x0, [0])" : "x0", "x5", "x6", "x1, x2, x3, x4", 0);
        return Row.of(new LstmOp(reverse, false, true, false))
                .torch(
                        reverse ? "torch.flip(" + y + ", [0])" : y,
                        reverse ? "torch.flip(" + cells + ", [0])" : cells.toString())
                .gradientOf(2)
                .slack(8);
    }

    private static Row rnn(Activation activation, String torch) {
        return Row.of(new RnnOp(activation, false, true, false))
                .torch(call(torch, "x0", "x5"))
                .slack(8)
                .on(arguments(1, 3, 2, 3, 2, true))
                .on(arguments(1, 4, 5, 19, 33, true));
    }

    private static String lstmCall(String x, String h, String c, String weights, int output) {
        String zeros = "torch.unsqueeze(torch.linear(torch.select(x0, 0, 0),"
                + " torch.slice(x1, 0, 0, torch.size(x2)[1], 1)) * 0, 0)";
        String hidden = h.equals("zz") ? zeros : "torch.unsqueeze(" + h + ", 0)";
        String cell = c.equals("zz") ? zeros : "torch.unsqueeze(" + c + ", 0)";
        return "(torch.lstm(" + x + ", [" + hidden + ", " + cell + "], [" + weights
                + "], True, 1, 0., False, False, False))[" + output + "]";
    }

    /** One step of the GRU of the paper, whose reset gate acts on the state. */
    private static String paperStep(String x, String h) {
        String a = "torch.chunk(torch.linear(" + x + ", x1, x3), 3, 1)";
        String b = "torch.chunk(torch.linear(" + h + ", x2, x4), 3, 1)";
        String r = "torch.sigmoid((" + a + ")[0] + (" + b + ")[0])";
        String z = "torch.sigmoid((" + a + ")[1] + (" + b + ")[1])";
        String n = "torch.tanh((" + a + ")[2] + torch.linear(" + r + " * " + h
                + ", (torch.chunk(x2, 3, 0))[2], (torch.chunk(x4, 3, 0))[2]))";
        return "((1 - " + z + ") * " + n + " + " + z + " * " + h + ")";
    }

    private static String call(String name, String x, String h) {
        return "(torch." + name + "(" + x + ", torch.unsqueeze(" + h
                + ", 0), [x1, x2, x3, x4], True, 1, 0., False, False, False))[0]";
    }

    private static Argument[] lstmArguments(long t, long n, long in, long h, long projected, boolean state) {
        long r = projected == 0 ? h : projected;
        List<Argument> all = new ArrayList<>(weights(4, t, n, in, h, r));
        if (projected != 0) {
            all.add(real(-1, 1, r, h));
        }
        if (state) {
            all.add(real(-1, 1, n, r));
            all.add(real(-1, 1, n, h));
        }
        return all.toArray(new Argument[0]);
    }

    private static Argument[] arguments(long gates, long t, long n, long in, long h, boolean state) {
        List<Argument> all = new ArrayList<>(weights(gates, t, n, in, h, h));
        if (state) {
            all.add(real(-1, 1, n, h));
        }
        return all.toArray(new Argument[0]);
    }

    private static List<Argument> weights(long gates, long t, long n, long in, long h, long r) {
        return List.of(
                real(-1, 1, t, n, in),
                real(-0.7, 0.7, gates * h, in),
                real(-0.7, 0.7, gates * h, r),
                real(-0.5, 0.5, gates * h),
                real(-0.5, 0.5, gates * h));
    }

    /** Lengths of sequences of 3 steps, all of them shorter. */
    private static Argument lengths(long rows) {
        return whole(DType.INT64, 1, 3, rows);
    }

    private static Argument[] with(Argument[] all, Argument last) {
        List<Argument> list = new ArrayList<>(List.of(all));
        list.add(last);
        return list.toArray(new Argument[0]);
    }

    /** Arguments of a gradient operator: gradients of outputs, the inputs, outputs of some widths. */
    private static Argument[] behind(Argument[] inputs, int heads, long t, long n, long... widths) {
        List<Argument> all = new ArrayList<>();
        for (int i = 0; i < heads; i++) {
            all.add(real(-1, 1, t, n, widths[0]));
        }
        all.addAll(List.of(inputs));
        for (long width : widths) {
            all.add(real(0.1, 0.9, t, n, width));
        }
        return all.toArray(new Argument[0]);
    }
}
