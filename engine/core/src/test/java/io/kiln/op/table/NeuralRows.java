package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;

import io.kiln.op.Activation;
import io.kiln.op.Linear;
import io.kiln.op.MatMul;
import java.util.List;

/** Rows of matrix products, convolution, pooling, normalisation, softmax and dropout. */
final class NeuralRows {
    private NeuralRows() {}

    static List<Row> rows() {
        return List.of(
                Row.of(new MatMul())
                        .torch("torch.matmul(x0, x1)")
                        .on(real(-2, 2, 3, 4), real(-2, 2, 4, 5))
                        .on(real(-2, 2, 1, 1), real(-2, 2, 1, 1))
                        .on(real(-2, 2, 2, 3, 4), real(-2, 2, 4, 2))
                        .on(real(-2, 2, 2, 1, 3, 4), real(-2, 2, 3, 4, 2))
                        .on(real(-2, 2, 0, 4), real(-2, 2, 4, 2))
                        .on(real(-2, 2, 3, 0), real(-2, 2, 0, 2))
                        .on(real(-2, 2, 65, 130), real(-2, 2, 130, 33)),
                Row.of(new Linear(Activation.NONE))
                        .torch("torch.linear(x0, x1)")
                        .on(real(-2, 2, 3, 4), real(-2, 2, 5, 4)));
    }
}
