package io.kiln.op.table;

import static io.kiln.op.table.Families.anyShape;
import static io.kiln.op.table.Families.pair;
import static io.kiln.op.table.Families.unary;

import io.kiln.op.activation.Elu;
import io.kiln.op.activation.Gelu;
import io.kiln.op.activation.LeakyRelu;
import io.kiln.op.activation.Relu;
import io.kiln.op.activation.Selu;
import io.kiln.op.activation.Sigmoid;
import io.kiln.op.activation.Silu;
import io.kiln.op.activation.Softplus;
import io.kiln.op.internal.EluGradient;
import io.kiln.op.internal.GeluGradient;
import io.kiln.op.internal.LeakyReluGradient;
import io.kiln.op.internal.ReluGradient;
import io.kiln.op.internal.SigmoidGradient;
import io.kiln.op.internal.SiluGradient;
import io.kiln.op.internal.TanhGradient;
import java.util.List;

/** Rows of activations and of their fused gradients. */
final class ActivationRows {
    private ActivationRows() {}

    static List<Row> rows() {
        return List.of(
                unary(new Relu(), -3, 3, "torch.relu(x0)"),
                pair(new ReluGradient(), -2, 2, "torch.where(x1 > 0, x0, torch.zeros_like(x0))"),
                unary(new Sigmoid(), -5, 5, "torch.sigmoid(x0)"),
                pair(new SigmoidGradient(), 0.1, 0.9, "x0 * x1 * (1 - x1)"),
                pair(new TanhGradient(), -0.9, 0.9, "x0 * (1 - x1 * x1)"),
                unary(new LeakyRelu(0.1), -3, 3, "torch.leaky_relu(x0, 0.1)"),
                pair(new LeakyReluGradient(0.1), -2, 2, "torch.where(x1 > 0, x0, x0 * 0.1)"),
                unary(new Elu(1.5), -3, 3, "torch.elu(x0, 1.5)"),
                unary(new Selu(), -3, 3, "torch.selu(x0)"),
                pair(new EluGradient(1.5, 2), -2, 2, "2 * torch.where(x1 > 0, x0, x0 * 1.5 * torch.exp(x1))"),
                // At infinity libtorch gives NaN here.
                anyShape(new Gelu(false), -4, 4, "torch.gelu(x0)"),
                unary(new Gelu(true), -4, 4, "torch.gelu(x0, approximate=\"tanh\")"),
                pair(
                        new GeluGradient(false),
                        -3,
                        3,
                        "x0 * (0.5 * (1 + torch.erf(x1 * 0.7071067811865476))"
                                + " + x1 * torch.exp(-0.5 * x1 * x1) * 0.3989422804014327)"),
                pair(new GeluGradient(true), -3, 3, "torch.gelu_backward(x0, x1, approximate=\"tanh\")"),
                unary(new Silu(), -5, 5, "torch.silu(x0)"),
                pair(new SiluGradient(), -4, 4, "x0 * torch.sigmoid(x1) * (1 + x1 * (1 - torch.sigmoid(x1)))"),
                unary(new Softplus(), -5, 5, "torch.softplus(x0, 1, 1000)"));
    }
}
