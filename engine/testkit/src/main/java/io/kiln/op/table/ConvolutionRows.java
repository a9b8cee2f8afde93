package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;

import io.kiln.op.activation.Activation;
import io.kiln.op.internal.ConvolutionWeightGradient;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Rows of convolution and its gradients, in one to three dimensions. */
final class ConvolutionRows {
    private ConvolutionRows() {}

    static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (int stride = 1; stride <= 2; stride++) {
            rows.add(convolution(1, stride, 1, 1, 1).on(real(-1, 1, 2, 2, 9), real(-1, 1, 3, 2, 3), real(-1, 1, 3)));
            rows.add(convolution(2, stride, 1, 1, 1)
                    .on(real(-1, 1, 1, 2, 5, 4), real(-1, 1, 3, 2, 3, 2), real(-1, 1, 3))
                    .on(real(-1, 1, 3, 5, 11, 13), real(-1, 1, 7, 5, 3, 3), real(-1, 1, 7))
                    .on(real(-1, 1, 0, 2, 5, 4), real(-1, 1, 3, 2, 3, 3), real(-1, 1, 3)));
            rows.add(convolution(3, stride, 0, 1, 1)
                    .on(real(-1, 1, 1, 1, 3, 4, 3), real(-1, 1, 2, 1, 2, 2, 2), real(-1, 1, 2)));
        }
        rows.add(convolution(2, 1, 2, 2, 1).on(real(-1, 1, 1, 2, 5, 6), real(-1, 1, 3, 2, 3, 3), real(-1, 1, 3)));
        rows.add(convolution(2, 1, 1, 1, 2).on(real(-1, 1, 1, 4, 4, 5), real(-1, 1, 6, 2, 2, 3), real(-1, 1, 6)));
        rows.add(convolution(2, 2, 1, 1, 4).on(real(-1, 1, 1, 4, 5, 5), real(-1, 1, 4, 1, 3, 3), real(-1, 1, 4)));
        for (Activation a : List.of(Activation.RELU, Activation.SIGMOID, Activation.TANH)) {
            String plain = "torch.conv2d(x0, x1, x2, [1, 1], [1, 1], [1, 1], 1)";
            String name = a.name().toLowerCase(java.util.Locale.ROOT);
            rows.add(Row.of(new Convolution(all(2, 1), all(2, 1), all(2, 1), 1, a))
                    .torch("torch." + name + "(" + plain + ")")
                    .slack(2)
                    .on(real(-1, 1, 1, 2, 4, 4), real(-1, 1, 2, 2, 3, 3), real(-1, 1, 2)));
        }
        rows.add(Row.of(new Convolution(all(2, 1), all(2, 0), all(2, 1), 1, Activation.NONE))
                .torch("torch.conv2d(x0, x1)")
                .slack(2)
                .on(real(-1, 1, 1, 2, 4, 4), real(-1, 1, 2, 2, 3, 3)));
        rows.addAll(transposed());
        rows.addAll(weightGradients());
        return rows;
    }

    private static List<Long> all(int dims, long value) {
        return Collections.nCopies(dims, value);
    }

    private static Row convolution(int dims, long stride, long pad, long dilation, long groups) {
        return Row.of(new Convolution(all(dims, stride), all(dims, pad), all(dims, dilation), groups, Activation.NONE))
                .torch("torch.conv" + dims + "d(x0, x1, x2, " + all(dims, stride) + ", " + all(dims, pad) + ", "
                        + all(dims, dilation) + ", " + groups + ")")
                .slack(2);
    }

    private static Row transposed(int dims, long stride, long pad, long outputPad, long dilation, long groups) {
        return Row.of(new ConvolutionTranspose(
                        all(dims, stride), all(dims, pad), all(dims, outputPad), all(dims, dilation), groups))
                .torch("torch.conv_transpose" + dims + "d(x0, x1, x2, " + all(dims, stride) + ", " + all(dims, pad)
                        + ", " + all(dims, outputPad) + ", " + groups + ", " + all(dims, dilation) + ")")
                .slack(2);
    }

    private static List<Row> transposed() {
        return List.of(
                transposed(1, 2, 1, 1, 1, 1).on(real(-1, 1, 2, 3, 4), real(-1, 1, 3, 2, 3), real(-1, 1, 2)),
                transposed(2, 1, 0, 0, 1, 1).on(real(-1, 1, 1, 3, 3, 3), real(-1, 1, 3, 2, 2, 3), real(-1, 1, 2)),
                transposed(2, 2, 1, 1, 1, 1)
                        .on(real(-1, 1, 1, 3, 3, 2), real(-1, 1, 3, 2, 3, 3), real(-1, 1, 2))
                        .on(real(-1, 1, 2, 6, 7, 9), real(-1, 1, 6, 5, 3, 3), real(-1, 1, 5)),
                transposed(2, 2, 1, 2, 3, 1).on(real(-1, 1, 1, 2, 4, 4), real(-1, 1, 2, 2, 2, 2), real(-1, 1, 2)),
                transposed(1, 1, 0, 2, 3, 1).on(real(-1, 1, 1, 2, 4), real(-1, 1, 2, 2, 3), real(-1, 1, 2)),
                transposed(2, 1, 1, 0, 2, 2).on(real(-1, 1, 1, 4, 3, 3), real(-1, 1, 4, 1, 3, 3), real(-1, 1, 2)),
                transposed(3, 1, 0, 0, 1, 1)
                        .on(real(-1, 1, 1, 1, 2, 2, 3), real(-1, 1, 1, 2, 2, 2, 2), real(-1, 1, 2)));
    }

    private static Row weightGradient(long stride, long pad, long groups, String weight, boolean bias) {
        String call = "(torch.convolution_backward(x1, x0, torch.zeros(" + weight + ", dtype=x0.dtype), [3], "
                + all(2, stride) + ", " + all(2, pad) + ", [1, 1], False, [0, 0], " + groups
                + ", [False, True, True]))";
        Row row = Row.of(
                new ConvolutionWeightGradient(all(2, stride), all(2, pad), all(2, 1), groups, List.of(3L, 3L), bias));
        return (bias ? row.torch(call + "[1]", call + "[2]") : row.torch(call + "[1]")).slack(2);
    }

    private static List<Row> weightGradients() {
        return List.of(
                weightGradient(1, 1, 1, "[3, 2, 3, 3]", true).on(real(-1, 1, 1, 2, 4, 5), real(-1, 1, 1, 3, 4, 5)),
                weightGradient(2, 1, 1, "[3, 2, 3, 3]", false).on(real(-1, 1, 1, 2, 5, 5), real(-1, 1, 1, 3, 3, 3)),
                weightGradient(1, 0, 3, "[3, 1, 3, 3]", false).on(real(-1, 1, 1, 3, 4, 4), real(-1, 1, 1, 3, 2, 2)));
    }
}
