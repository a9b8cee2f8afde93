package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.whole;

import io.kiln.ndarray.DType;
import io.kiln.op.activation.Activation;
import io.kiln.op.activation.LogSoftmax;
import io.kiln.op.activation.Softmax;
import io.kiln.op.internal.ClassIndices;
import io.kiln.op.internal.SoftmaxCrossEntropyGradient;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.nn.DropoutOp;
import io.kiln.op.nn.Linear;
import io.kiln.op.nn.SoftmaxCrossEntropyOp;
import java.util.List;

/** Rows of matrix products, softmax, cross-entropy and dropout. */
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
                linear(Activation.NONE, "torch.linear(x0, x1, x2)"),
                linear(Activation.RELU, "torch.relu(torch.linear(x0, x1, x2))"),
                linear(Activation.SIGMOID, "torch.sigmoid(torch.linear(x0, x1, x2))"),
                linear(Activation.TANH, "torch.tanh(torch.linear(x0, x1, x2))"),
                Row.of(new Linear(Activation.NONE))
                        .torch("torch.linear(x0, x1)")
                        .on(real(-2, 2, 3, 4), real(-2, 2, 5, 4))
                        .on(real(-2, 2, 4), real(-2, 2, 5, 4))
                        .on(real(-2, 2, 0, 4), real(-2, 2, 5, 4))
                        .on(real(-2, 2, 2, 3, 4), real(-2, 2, 1, 4)),
                softmax(-1),
                softmax(1),
                logSoftmax(-1),
                logSoftmax(0),
                crossEntropy(DType.INT64),
                crossEntropy(DType.INT32),
                Row.of(new SoftmaxCrossEntropyGradient())
                        .torch("(x1 - torch.one_hot(x2, 4).to(x1.dtype)) * torch.unsqueeze(x0, -1)")
                        .on(real(-2, 2, 3), real(0, 1, 3, 4), whole(DType.INT64, 0, 4, 3)),
                Row.of(new ClassIndices("softmaxCrossEntropy", 4))
                        .torch("torch.clone(x0).to(3)")
                        .on(whole(DType.INT64, 0, 4, 3))
                        .on(whole(DType.INT32, 0, 4, 2, 5))
                        .on(whole(DType.INT64, 0, 4, 0))
                        .order(0),
                Row.of(new DropoutOp(0.4))
                        .torch("torch.clone(x0)", "torch.ones_like(x0)")
                        .gradientOf(1)
                        .on(real(-2, 2, 3, 5))
                        .on(real(-2, 2, 0, 5)),
                Row.of(new DropoutOp(0.4))
                        .checkedIn("RandomTest")
                        .training()
                        .gradientOf(1)
                        .on(real(-2, 2, 3, 5))
                        .on(real(-2, 2, 4099)));
    }

    private static Row linear(Activation activation, String torch) {
        return Row.of(new Linear(activation))
                .torch(torch)
                .on(real(-1, 1, 3, 4), real(-1, 1, 5, 4), real(-1, 1, 5))
                .on(real(-1, 1, 2, 3, 4), real(-1, 1, 1, 4), real(-1, 1, 1))
                .on(real(-1, 1, 33, 70), real(-1, 1, 17, 70), real(-1, 1, 17))
                .slack(2);
    }

    private static Row softmax(int axis) {
        return Row.of(new Softmax(axis))
                .torch("torch.softmax(x0, " + axis + ")")
                .on(real(-3, 3, 3, 5))
                .on(real(-3, 3, 2, 3, 4))
                .on(real(-3, 3, 0, 3))
                .on(real(-3, 3, 3, 1))
                .on(real(-3, 3, 2, 1, 3))
                .on(real(-3, 3, 1, 1, 4))
                .on(real(-300, 300, 3, 100));
    }

    private static Row logSoftmax(int axis) {
        return Row.of(new LogSoftmax(axis))
                .torch("torch.log_softmax(x0, " + axis + ")")
                .on(real(-3, 3, 3, 5))
                .on(real(-3, 3, 2, 3, 4))
                .on(real(-3, 3, 7))
                .on(real(-3, 3, 1))
                .on(real(-3, 3, 1, 3))
                .on(real(-3, 3, 3, 1))
                .on(real(-3, 3, 2, 1, 3))
                .on(real(-300, 300, 3, 100));
    }

    private static Row crossEntropy(DType label) {
        return Row.of(new SoftmaxCrossEntropyOp())
                .torch(
                        "torch.reshape(torch.cross_entropy_loss(torch.reshape(x0, [-1, torch.size(x0)[-1]]),"
                                + " torch.flatten(x1).to(4), None, 0), torch.size(x1))",
                        "torch.softmax(x0, -1)")
                .on(real(-3, 3, 3, 5), whole(label, 0, 5, 3))
                .on(real(-3, 3, 2, 3, 4), whole(label, 0, 4, 2, 3))
                .on(real(-3, 3, 3, 1), whole(label, 0, 1, 3))
                .on(real(-300, 300, 9, 10), whole(label, 0, 10, 9));
    }
}
