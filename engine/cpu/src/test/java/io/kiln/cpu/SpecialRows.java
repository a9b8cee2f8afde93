package io.kiln.cpu;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.whole;

import io.kiln.ndarray.DType;
import io.kiln.op.activation.Activation;
import io.kiln.op.activation.Gelu;
import io.kiln.op.activation.LogSoftmax;
import io.kiln.op.activation.Relu;
import io.kiln.op.activation.Sigmoid;
import io.kiln.op.activation.Silu;
import io.kiln.op.activation.Softmax;
import io.kiln.op.attention.ScaledDotProductAttention;
import io.kiln.op.internal.ReluGradient;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.math.Tanh;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.Linear;
import io.kiln.op.nn.MaxPool;
import io.kiln.op.nn.SoftmaxCrossEntropyOp;
import io.kiln.op.recurrent.RnnOp;
import io.kiln.op.table.Row;
import java.util.ArrayList;
import java.util.List;

/** Operators that have fast kernels, at sizes at which these serve. */
final class SpecialRows {
    private static final DType[] TYPES = {DType.FLOAT32, DType.BFLOAT16, DType.FLOAT64};
    private static final List<Long> ONE = List.of(1L, 1L);
    private static final List<Long> TWO = List.of(2L, 2L);
    private static final List<Long> NONE = List.of(0L, 0L);

    private SpecialRows() {}

    static List<Row> all() {
        List<Row> rows = new ArrayList<>();
        for (Activation a : Activation.values()) {
            rows.add(Row.of(new Linear(a)).dtypes(TYPES).on(real(-1, 1, 33, 40), real(-1, 1, 17, 40), real(-1, 1, 17)));
            rows.add(Row.of(new Linear(a)) // large enough for oneDNN's general product
                    .dtypes(DType.FLOAT32, DType.FLOAT64)
                    .slack(20)
                    .order(0)
                    .on(real(-1, 1, 290, 400), real(-1, 1, 300, 400), real(-1, 1, 300)));
            rows.add(Row.of(new Convolution(ONE, NONE, ONE, 1, a))
                    .dtypes(TYPES)
                    .on(real(-1, 1, 2, 16, 7, 9), real(-1, 1, 8, 16, 1, 1), real(-1, 1, 8))
                    .on(real(-1, 1, 2, 3, 7, 9), real(-1, 1, 8, 3, 3, 3)));
            rows.add(Row.of(new Convolution(ONE, ONE, ONE, 1, a)) // Winograd's algorithm, in float32
                    .dtypes(DType.FLOAT32, DType.FLOAT64)
                    .slack(100)
                    .order(0)
                    .on(real(-1, 1, 2, 64, 12, 12), real(-1, 1, 64, 64, 3, 3), real(-1, 1, 64)));
        }
        rows.add(Row.of(new MatMul()).dtypes(TYPES).on(real(-1, 1, 3, 20, 24), real(-1, 1, 3, 24, 10)));
        rows.add(Row.of(new MaxPool(TWO, TWO, NONE)).dtypes(TYPES).on(real(-1, 1, 2, 16, 8, 8)));
        rows.add(Row.of(new MaxPool(List.of(3L, 3L), TWO, ONE)).dtypes(TYPES).on(real(-1, 1, 2, 5, 9, 9)));
        rows.add(Row.of(new AvgPool(TWO, TWO, NONE, true)).dtypes(TYPES).on(real(-1, 1, 2, 16, 8, 8)));
        for (int axis : new int[] {0, 1, -1}) {
            rows.add(Row.of(new Softmax(axis)).dtypes(TYPES).on(real(-3, 3, 6, 9, 40)));
            rows.add(Row.of(new LogSoftmax(axis)).dtypes(TYPES).on(real(-3, 3, 6, 9, 40)));
        }
        rows.add(Row.of(new SoftmaxCrossEntropyOp())
                .dtypes(TYPES)
                .on(real(-3, 3, 32, 40), whole(DType.INT32, 0, 40, 32)));
        rows.add(Row.of(new RnnOp(Activation.RELU, false, false, false))
                .dtypes(DType.FLOAT32, DType.FLOAT64)
                .on(real(-1, 1, 3, 5, 7), real(-1, 1, 6, 7), real(-1, 1, 6, 6), real(-1, 1, 6), real(-1, 1, 6)));
        rows.add(Row.of(new ScaledDotProductAttention(0.3, true, false, 0))
                .dtypes(DType.FLOAT32, DType.FLOAT64)
                .order(0)
                .on(real(-1, 1, 2, 9, 8), real(-1, 1, 2, 9, 8), real(-1, 1, 2, 9, 8)));
        rows.add(Row.of(new Relu()).dtypes(TYPES).on(real(-1, 1, 9, 50)));
        rows.add(Row.of(new Tanh()).dtypes(TYPES).on(real(-1, 1, 9, 50)));
        rows.add(Row.of(new Sigmoid()).dtypes(TYPES).on(real(-1, 1, 9, 50)));
        rows.add(Row.of(new Silu()).dtypes(TYPES).on(real(-1, 1, 9, 50)));
        rows.add(Row.of(new Gelu(false)).dtypes(TYPES).on(real(-1, 1, 9, 50)));
        rows.add(Row.of(new Gelu(true)).dtypes(TYPES).on(real(-1, 1, 9, 50)));
        rows.add(Row.of(new ReluGradient()).dtypes(TYPES).order(0).on(real(-1, 1, 9, 50), real(-1, 1, 9, 50)));
        return rows;
    }
}
