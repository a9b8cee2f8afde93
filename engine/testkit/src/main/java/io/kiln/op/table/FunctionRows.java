package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.values;
import static io.kiln.op.table.Argument.whole;
import static io.kiln.op.table.Families.anyShape;
import static io.kiln.op.table.Families.binary;
import static io.kiln.op.table.Families.unary;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.activation.Celu;
import io.kiln.op.activation.HardSigmoid;
import io.kiln.op.activation.HardSwish;
import io.kiln.op.activation.LogSigmoid;
import io.kiln.op.activation.MaskedLogSoftmax;
import io.kiln.op.activation.MaskedSoftmax;
import io.kiln.op.activation.Mish;
import io.kiln.op.activation.PReluOp;
import io.kiln.op.activation.SoftShrink;
import io.kiln.op.activation.Softsign;
import io.kiln.op.math.Acosh;
import io.kiln.op.math.Asinh;
import io.kiln.op.math.Atanh;
import io.kiln.op.math.Cbrt;
import io.kiln.op.math.Digamma;
import io.kiln.op.math.Erfc;
import io.kiln.op.math.Erfinv;
import io.kiln.op.math.Exp2;
import io.kiln.op.math.Hypot;
import io.kiln.op.math.IsInf;
import io.kiln.op.math.Lerp;
import io.kiln.op.math.Lgamma;
import io.kiln.op.math.Log10;
import io.kiln.op.math.Log2;
import io.kiln.op.math.LogAddExp;
import io.kiln.op.math.Logit;
import io.kiln.op.math.NanToNum;
import io.kiln.op.math.Polygamma;
import io.kiln.op.math.Trunc;
import io.kiln.op.math.Xlogy;
import io.kiln.op.math.Xor;
import io.kiln.op.nn.SmoothL1;
import io.kiln.op.shape.FullLike;
import java.util.ArrayList;
import java.util.List;

/** Rows of functions of one number beyond arithmetic, of constants in the shape of others, and of activations. */
final class FunctionRows {
    private static final double INF = Double.POSITIVE_INFINITY;

    private FunctionRows() {}

    static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        rows.addAll(functions());
        rows.addAll(special());
        rows.addAll(activations());
        return rows;
    }

    private static List<Row> functions() {
        return List.of(
                unary(new FullLike(1.5), -2, 2, "torch.full_like(x0, 1.5)").order(0),
                unary(new Log2(), 0.2, 5, "torch.log2(x0)"),
                unary(new Log10(), 0.2, 5, "torch.log10(x0)"),
                unary(new Exp2(), -3, 3, "torch.exp2(x0)").slack(4),
                anyShape(new Cbrt(), 0.2, 3, "torch.pow(x0, 0.3333333333333333)"),
                Row.of(new Cbrt())
                        .torch("torch.mul(torch.sign(x0), torch.pow(torch.abs(x0), 0.3333333333333333))")
                        .slack(4)
                        .forwardOn(values(Shape.of(6), -8, 0, 27, INF, -INF, Double.NaN)),
                unary(new Asinh(), -3, 3, "torch.asinh(x0)"),
                Row.of(new Asinh())
                        .torch("torch.asinh(x0)")
                        .slack(4)
                        .forwardOn(values(Shape.of(5), 1e-7, -1e-12, 1e12, -1e18, 5e9)),
                unary(new Acosh(), 1.2, 5, "torch.acosh(x0)"),
                Row.of(new Acosh())
                        .torch("torch.acosh(x0)")
                        .slack(4)
                        .forwardOn(values(Shape.of(5), 1, 0.5, -3, 1e12, -1e12)),
                unary(new Atanh(), -0.8, 0.8, "torch.atanh(x0)"),
                unary(new Logit(), 0.1, 0.9, "torch.logit(x0)"),
                unary(new Trunc(), -3, 3, "torch.trunc(x0)").order(0),
                unary(new IsInf(), -3, 3, "torch.isinf(x0)").order(0),
                unary(new NanToNum(1, 2, -3), -3, 3, "torch.nan_to_num(x0, 1., 2., -3.)"),
                binary(new Hypot(), 0.3, 3, "torch.hypot(x0, x1)"),
                Row.of(new Hypot())
                        .torch("torch.hypot(x0, x1)")
                        .forwardOn(
                                values(Shape.of(5), 0, INF, 1e25, Double.NaN, 3),
                                values(Shape.of(5), 0, -INF, 1e25, 1, -4)),
                binary(new LogAddExp(), -3, 3, "torch.logaddexp(x0, x1)"),
                Row.of(new LogAddExp())
                        .torch("torch.logaddexp(x0, x1)")
                        .forwardOn(
                                values(Shape.of(5), -INF, INF, 1000, -1000, 2),
                                values(Shape.of(5), -INF, INF, 999, 3, -INF)),
                binary(new Xor(), -3, 3, "torch.logical_xor(x0, x1)").order(0),
                Row.of(new Xor())
                        .torch("torch.logical_xor(x0, x1)")
                        .order(0)
                        .on(whole(DType.BOOL, 0, 2, 4, 3), whole(DType.INT32, 0, 2, 3)),
                Row.of(new Lerp())
                        .torch("torch.lerp(x0, x1, x2)")
                        .on(real(-2, 2, 3, 4), real(-2, 2, 3, 4), real(0, 1, 3, 4))
                        .on(real(-2, 2, 3, 1), real(-2, 2, 4), real(0, 1))
                        .on(real(-2, 2), real(-2, 2), real(0, 1))
                        .on(real(-2, 2, 0), real(-2, 2, 1), real(0, 1)));
    }

    private static List<Row> special() {
        return List.of(
                anyShape(new Lgamma(), 0.3, 30, "torch.lgamma(x0)").slack(8),
                Row.of(new Lgamma())
                        .torch("torch.lgamma(x0)")
                        .slack(16)
                        .forwardOn(values(Shape.of(9), 0, -1, -2.5, -0.3, 1, 2, 1e10, INF, -INF))
                        .forwardOn(values(Shape.of(2), Double.NaN, 0.5)),
                anyShape(
                                new Digamma(),
                                0.4,
                                30,
                                "torch.digamma(torch.detach(x0)) + (x0 - torch.detach(x0)) * torch.special_zeta(2,"
                                        + " torch.detach(x0))")
                        .slack(8),
                Row.of(new Digamma())
                        .torch("torch.digamma(x0)")
                        .slack(32)
                        .forwardOn(values(Shape.of(7), 0, -1, -2.5, -0.3, 1e10, INF, Double.NaN)),
                anyShape(new Polygamma(1), 0.4, 30, "torch.special_zeta(2, x0)").slack(16),
                anyShape(new Polygamma(2), 0.5, 20, "torch.polygamma(2, x0)").slack(64),
                anyShape(new Polygamma(4), 0.9, 20, "torch.polygamma(4, x0)").slack(512),
                anyShape(new Polygamma(3), -0.8, -0.3, "torch.special_zeta(4, x0 + 1) * 6 + 6 * torch.pow(x0, -4.)")
                        .slack(512),
                unary(new Erfc(), -3, 3, "torch.special_erfc(x0)"),
                binary(new Xlogy(), 0.3, 3, "torch.special_xlogy(x0, x1)"),
                Row.of(new Xlogy())
                        .torch("torch.special_xlogy(x0, x1)")
                        .on(values(Shape.of(3), 0, 0, 2), values(Shape.of(3), 2, 0.5, 3))
                        .forwardOn(
                                values(Shape.of(5), 0, 0, 0, Double.NaN, 2),
                                values(Shape.of(5), 0, INF, Double.NaN, 2, 0)),
                unary(new Erfinv(), -0.9, 0.9, "torch.erfinv(x0)").slack(8));
    }

    private static List<Row> activations() {
        return List.of(
                unary(new LogSigmoid(), -3, 3, "torch.log_sigmoid(x0)"),
                anyShape(new Softsign(), -3, 3, "x0 / (1 + torch.abs(x0))"),
                Row.of(new Softsign()).torch("torch.sign(x0)").forwardOn(values(Shape.of(3), INF, -INF, 0)),
                unary(new HardSigmoid(1.0 / 6, 0.5), -5, 5, "torch.clamp(x0 / 6 + 0.5, 0, 1)"),
                unary(new HardSigmoid(0.2, 0.5), -5, 5, "torch.clamp(x0 * 0.2 + 0.5, 0, 1)"),
                anyShape(new HardSwish(), -5, 5, "torch.hardswish(x0)"),
                anyShape(new Mish(), -5, 5, "torch.mish(x0)"),
                Row.of(new Mish()).torch("torch.relu(x0)").forwardOn(values(Shape.of(4), INF, -INF, 0, 1000)),
                unary(new Celu(1.5), -3, 3, "torch.celu(x0, 1.5)"),
                unary(new SoftShrink(0.7), -3, 3, "torch.where(torch.abs(x0) > 0.7, x0 - 0.7 * torch.sign(x0), x0 * 0)")
                        .order(0),
                anyShape(new SoftShrink(0.7), -3, 3, "torch.softshrink(x0, 0.7)"),
                unary(new SmoothL1(0.8), -3, 3, "torch.smooth_l1_loss(x0, torch.zeros_like(x0), 0, 0.8)"),
                Row.of(new PReluOp())
                        .torch("torch.where(x0 > 0, x0, x0 * x1)")
                        .on(real(-2, 2, 2, 3, 4), real(0.1, 0.5, 3, 1))
                        .on(real(-2, 2, 5), real(0.1, 0.5))
                        .on(real(-2, 2), real(0.1, 0.5))
                        .on(real(-2, 2, 0, 3), real(0.1, 0.5, 3)),
                masked(-1).on(real(-2, 2, 3, 5), mask(3, 5)).on(real(-2, 2, 2, 3, 4), mask(3, 4)),
                masked(0).on(real(-2, 2, 4, 3), mask(4, 1)).on(real(-2, 2, 5), mask(5)),
                maskedLog(-1)
                        .on(real(-2, 2, 3, 5), whole(DType.BOOL, 1, 2, 3, 5))
                        .forwardOn(real(-2, 2, 2, 3, 4), mask(3, 4)),
                maskedLog(0)
                        .on(real(-2, 2, 4, 3), whole(DType.BOOL, 1, 2, 4, 1))
                        .forwardOn(real(-2, 2, 5), mask(5)),
                Row.of(new MaskedSoftmax(-1))
                        .torch("torch.zeros_like(x0)")
                        .on(real(-2, 2, 2, 3), whole(DType.BOOL, 0, 1, 2, 3))
                        .on(real(-2, 2, 2, 0), mask(2, 0)));
    }

    private static Row masked(int axis) {
        return Row.of(new MaskedSoftmax(axis))
                .torch("torch.nan_to_num(torch.softmax(torch.where(x1, x0, torch.full_like(x0, -1e30)), " + axis
                        + "), 0.) * torch.any(x1, " + axis + ", True).to(x0.dtype)");
    }

    private static Row maskedLog(int axis) {
        return Row.of(new MaskedLogSoftmax(axis))
                .torch("torch.where(x1, x0 - torch.logsumexp(torch.where(x1, x0, torch.full_like(x0, -1e30)), [" + axis
                        + "], True), torch.full_like(x0, -1.) / 0.)");
    }

    private static Argument mask(long... dims) {
        return whole(DType.BOOL, 0, 2, dims);
    }
}
