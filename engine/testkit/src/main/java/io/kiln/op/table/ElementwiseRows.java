package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.values;
import static io.kiln.op.table.Argument.whole;
import static io.kiln.op.table.Families.anyShape;
import static io.kiln.op.table.Families.binary;
import static io.kiln.op.table.Families.unary;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.internal.ClipGradient;
import io.kiln.op.internal.ExtremumGradient;
import io.kiln.op.math.Abs;
import io.kiln.op.math.Acos;
import io.kiln.op.math.Add;
import io.kiln.op.math.AddScalar;
import io.kiln.op.math.And;
import io.kiln.op.math.Asin;
import io.kiln.op.math.Atan;
import io.kiln.op.math.Atan2;
import io.kiln.op.math.BitwiseAnd;
import io.kiln.op.math.BitwiseNot;
import io.kiln.op.math.BitwiseOr;
import io.kiln.op.math.BitwiseXor;
import io.kiln.op.math.Ceil;
import io.kiln.op.math.Clip;
import io.kiln.op.math.CompareScalar;
import io.kiln.op.math.Comparison;
import io.kiln.op.math.Cos;
import io.kiln.op.math.Cosh;
import io.kiln.op.math.Div;
import io.kiln.op.math.DivScalar;
import io.kiln.op.math.Eq;
import io.kiln.op.math.Erf;
import io.kiln.op.math.Exp;
import io.kiln.op.math.Expm1;
import io.kiln.op.math.Floor;
import io.kiln.op.math.FloorDiv;
import io.kiln.op.math.Fmod;
import io.kiln.op.math.Ge;
import io.kiln.op.math.Gt;
import io.kiln.op.math.IsFinite;
import io.kiln.op.math.IsNan;
import io.kiln.op.math.Le;
import io.kiln.op.math.Log;
import io.kiln.op.math.Log1p;
import io.kiln.op.math.Lt;
import io.kiln.op.math.Masked;
import io.kiln.op.math.Maximum;
import io.kiln.op.math.Minimum;
import io.kiln.op.math.Mod;
import io.kiln.op.math.Mul;
import io.kiln.op.math.MulScalar;
import io.kiln.op.math.Ne;
import io.kiln.op.math.Neg;
import io.kiln.op.math.Not;
import io.kiln.op.math.Or;
import io.kiln.op.math.Pow;
import io.kiln.op.math.PowScalar;
import io.kiln.op.math.RdivScalar;
import io.kiln.op.math.Reciprocal;
import io.kiln.op.math.Round;
import io.kiln.op.math.Rsqrt;
import io.kiln.op.math.RsubScalar;
import io.kiln.op.math.ShiftLeft;
import io.kiln.op.math.ShiftRight;
import io.kiln.op.math.Sign;
import io.kiln.op.math.Sin;
import io.kiln.op.math.Sinh;
import io.kiln.op.math.Sqrt;
import io.kiln.op.math.Square;
import io.kiln.op.math.StraightThrough;
import io.kiln.op.math.Sub;
import io.kiln.op.math.Tan;
import io.kiln.op.math.Tanh;
import io.kiln.op.math.TruncDiv;
import io.kiln.op.math.Where;
import java.util.List;

/** Rows of arithmetic, functions of one number, comparisons and choices. */
final class ElementwiseRows {
    private static final double INF = Double.POSITIVE_INFINITY;

    private ElementwiseRows() {}

    static List<Row> rows() {
        return List.of(
                binary(new Add(), -3, 3, "x0 + x1"),
                binary(new Sub(), -3, 3, "x0 - x1"),
                binary(new Mul(), -3, 3, "x0 * x1"),
                binary(new Div(), -3, 3, 0.5, 4, "x0 / x1"),
                integers(new Add(), DType.INT32, "x0 + x1"),
                integers(new Sub(), DType.INT64, "x0 - x1"),
                integers(new Mul(), DType.INT32, "x0 * x1"),
                integers(new Div(), DType.INT32, "x0 / x1"),
                integers(new FloorDiv(), DType.INT64, "torch.div(x0, x1, rounding_mode=\"floor\")"),
                integers(new Mod(), DType.INT32, "torch.remainder(x0, x1)"),
                integers(new TruncDiv(), DType.INT64, "torch.div(x0, x1, rounding_mode=\"trunc\")"),
                integers(new Fmod(), DType.INT32, "torch.fmod(x0, x1)"),
                bits(new BitwiseAnd(), "torch.bitwise_and(x0, x1)"),
                bits(new BitwiseOr(), "torch.bitwise_or(x0, x1)"),
                bits(new BitwiseXor(), "torch.bitwise_xor(x0, x1)"),
                shifts(new ShiftLeft(), "torch.bitwise_left_shift(x0, x1)"),
                shifts(new ShiftRight(), "torch.bitwise_right_shift(x0, x1)"),
                Row.of(new BitwiseNot())
                        .torch("torch.bitwise_not(x0)")
                        .order(0)
                        .on(whole(DType.INT32, -9, 9, 4, 3))
                        .on(whole(DType.UINT8, 0, 255, 5))
                        .on(whole(DType.INT64, -9, 9, 0)),
                binary(new TruncDiv(), -7, 7, -3, -0.5, "torch.div(x0, x1, rounding_mode=\"trunc\")"),
                binary(new Fmod(), -7, 7, 1.13, 2.93, "torch.fmod(x0, x1)").slack(8),
                integers(new Maximum(), DType.INT32, "torch.maximum(x0, x1)"),
                integers(new Minimum(), DType.INT64, "torch.minimum(x0, x1)"),
                binary(new FloorDiv(), -7, 7, -3, -0.5, "torch.div(x0, x1, rounding_mode=\"floor\")"),
                binary(new Mod(), -7, 7, 1.1, 2.9, "torch.remainder(x0, x1)").slack(8),
                binary(new Pow(), 0.2, 3, -2, 2, "torch.pow(x0, x1)").slack(4),
                Row.of(new Pow())
                        .torch("torch.pow(x0, x1)")
                        .on(
                                values(Shape.of(6), 0, 0, 0, 2, 1, -2),
                                values(Shape.of(6), 0, 1, 2, 0, 5, 3).constant()),
                binary(new Maximum(), -3, 3, "torch.maximum(x0, x1)"),
                binary(new Minimum(), -3, 3, "torch.minimum(x0, x1)"),
                tie(new Maximum(), "torch.maximum(x0, x1)"),
                tie(new Minimum(), "torch.minimum(x0, x1)"),
                extremum(false, "torch.where(x1 > x2, x0, torch.where(x1 == x2, x0 / 2, torch.zeros_like(x0)))"),
                extremum(true, "torch.where(x1 < x2, x0, torch.where(x1 == x2, x0 / 2, torch.zeros_like(x0)))"),
                binary(new Atan2(), 0.3, 3, "torch.atan2(x0, x1)"),
                Row.of(new Atan2())
                        .torch("torch.where((x0 == 0).logical_and(x1 == 0), torch.zeros_like(x0), torch.atan2(x0, x1))")
                        .forwardOn(values(Shape.of(4), 0, 0, 1, INF), values(Shape.of(4), 0, 2, 0, 3)),
                unary(new AddScalar(1.25), -3, 3, "x0 + 1.25"),
                unary(new MulScalar(-2.5), -3, 3, "x0 * -2.5"),
                unary(new DivScalar(3), -3, 3, "x0 / 3"),
                unary(new RsubScalar(2), -3, 3, "2 - x0"),
                unary(new RdivScalar(2), 0.5, 3, "torch.reciprocal(x0) * 2"),
                unary(new PowScalar(3), -3, 3, "torch.pow(x0, 3)"),
                anyShape(new PowScalar(-1.5), 0.3, 3, "torch.pow(x0, -1.5)").slack(4),
                unary(new PowScalar(0), -3, 3, "torch.pow(x0, 0)"),
                unary(new PowScalar(1), -3, 3, "torch.pow(x0, 1)"),
                one(new PowScalar(2), DType.INT32, "torch.pow(x0, 2)"),
                one(new AddScalar(3), DType.INT64, "x0 + 3"),
                one(new AddScalar(0.5), DType.INT32, "x0 + 0.5"),
                one(new RsubScalar(3), DType.INT32, "3 - x0"),
                one(new Exp(), DType.INT64, "torch.exp(x0)"),
                one(new Abs(), DType.INT32, "torch.abs(x0)"),
                one(new Neg(), DType.INT64, "torch.neg(x0)"),
                one(new Square(), DType.INT64, "torch.square(x0)"),
                one(new Clip(-1, 2, false), DType.INT32, "torch.clamp(x0, -1, 2)"),
                unary(new Neg(), -3, 3, "torch.neg(x0)"),
                unary(new Reciprocal(), 0.3, 3, "torch.reciprocal(x0)"),
                unary(new Square(), -3, 3, "torch.square(x0)"),
                unary(new Abs(), -3, 3, "torch.abs(x0)"),
                unary(new Sign(StraightThrough.NONE), -3, 3, "torch.where(torch.isnan(x0), x0, torch.sign(x0))")
                        .order(0),
                straightThrough(new Sign(StraightThrough.IDENTITY), "x0 + torch.detach(torch.sign(x0) - x0)"),
                straightThrough(
                        new Sign(StraightThrough.CLIPPED),
                        "torch.clamp(x0, -1, 1) + torch.detach(torch.sign(x0) - torch.clamp(x0, -1, 1))"),
                unary(new Clip(-1, 1.5, false), -3, 3, "torch.clamp(x0, -1, 1.5)"),
                unary(new Clip(-1, INF, false), -3, 3, "torch.clamp(x0, -1)"),
                straightThrough(new Clip(-1, 1, true), "x0 + torch.detach(torch.clamp(x0, -1, 1) - x0)"),
                binary(new ClipGradient(-1, 1), -2, 2, "torch.where((x1 >= -1) & (x1 <= 1), x0, torch.zeros_like(x0))"),
                unary(new Floor(), -3, 3, "torch.floor(x0)"),
                unary(new Ceil(), -3, 3, "torch.ceil(x0)"),
                unary(new Round(false), -3, 3, "torch.round(x0)"),
                straightThrough(new Round(true), "x0 + torch.detach(torch.round(x0) - x0)"),
                unary(new Exp(), -3, 3, "torch.exp(x0)"),
                unary(new Expm1(), -3, 3, "torch.expm1(x0)"),
                unary(new Log(), 0.2, 5, "torch.log(x0)"),
                unary(new Log1p(), -0.8, 5, "torch.log1p(x0)"),
                unary(new Sqrt(), 0.2, 5, "torch.sqrt(x0)"),
                unary(new Rsqrt(), 0.3, 5, "torch.rsqrt(x0)"),
                unary(new Sin(), -4, 4, "torch.sin(x0)"),
                unary(new Cos(), -4, 4, "torch.cos(x0)"),
                unary(new Tan(), -1.2, 1.2, "torch.tan(x0)"),
                unary(new Asin(), -0.9, 0.9, "torch.asin(x0)"),
                unary(new Acos(), -0.9, 0.9, "torch.acos(x0)"),
                unary(new Atan(), -3, 3, "torch.atan(x0)"),
                unary(new Sinh(), -3, 3, "torch.sinh(x0)"),
                unary(new Cosh(), -3, 3, "torch.cosh(x0)"),
                unary(new Tanh(), -3, 3, "torch.tanh(x0)"),
                unary(new Erf(), -3, 3, "torch.erf(x0)"),
                binary(new Eq(), -3, 3, "x0 == x1").order(0),
                binary(new Ne(), -3, 3, "x0 != x1").order(0),
                binary(new Lt(), -3, 3, "x0 < x1").order(0),
                binary(new Le(), -3, 3, "x0 <= x1").order(0),
                binary(new Gt(), -3, 3, "x0 > x1").order(0),
                binary(new Ge(), -3, 3, "x0 >= x1").order(0),
                integers(new Eq(), DType.INT64, "x0 == x1"),
                integers(new Le(), DType.INT32, "x0 <= x1"),
                integers(new And(), DType.INT32, "torch.logical_and(x0, x1)"),
                integers(new Or(), DType.INT64, "torch.logical_or(x0, x1)"),
                booleans(new And(), "torch.logical_and(x0, x1)"),
                booleans(new Or(), "torch.logical_or(x0, x1)"),
                unary(new CompareScalar(Comparison.EQ, 1), -3, 3, "x0 == 1").order(0),
                unary(new CompareScalar(Comparison.NE, 1), -3, 3, "x0 != 1").order(0),
                unary(new CompareScalar(Comparison.LT, 1), -3, 3, "x0 < 1").order(0),
                unary(new CompareScalar(Comparison.LE, 1), -3, 3, "x0 <= 1").order(0),
                unary(new CompareScalar(Comparison.GT, 1), -3, 3, "x0 > 1").order(0),
                unary(new CompareScalar(Comparison.GE, 1), -3, 3, "x0 >= 1").order(0),
                unary(new Not(), -3, 3, "torch.logical_not(x0)").order(0),
                unary(new IsNan(), -3, 3, "torch.isnan(x0)").order(0),
                unary(new IsFinite(), -3, 3, "torch.isfinite(x0)").order(0),
                masked(false, "torch.where(x1, x0, torch.zeros_like(x0))"),
                masked(true, "torch.where(x1, torch.zeros_like(x0), x0)"),
                Row.of(new Where())
                        .torch("torch.where(x0, x1, x2)")
                        .on(whole(DType.BOOL, 0, 2, 3, 4), real(-2, 2, 3, 4), real(-2, 2, 3, 4))
                        .on(whole(DType.BOOL, 0, 2, 3, 1), real(-2, 2, 4), real(-2, 2))
                        .on(whole(DType.BOOL, 0, 2), real(-2, 2), real(-2, 2))
                        .on(whole(DType.BOOL, 0, 2, 0), real(-2, 2, 0), real(-2, 2, 1))
                        .on(whole(DType.BOOL, 0, 2, 4099), real(-2, 2, 4099), real(-2, 2, 1)));
    }

    private static Row integers(Operator operator, DType type, String torch) {
        return Row.of(operator)
                .torch(torch)
                .order(0)
                .on(whole(type, -5, 6, 4, 3), whole(type, 1, 4, 3))
                .on(whole(type, -5, 6), whole(type, 1, 4))
                .on(whole(type, -5, 6, 0), whole(type, 1, 4, 1))
                .on(whole(type, -5, 6, 4099), whole(type, 1, 4, 4099));
    }

    private static Row bits(Operator operator, String torch) {
        return Row.of(operator)
                .torch(torch)
                .order(0)
                .on(whole(DType.INT32, -9, 9, 4, 3), whole(DType.INT32, -9, 9, 3))
                .on(whole(DType.UINT8, 0, 255, 7), whole(DType.UINT8, 0, 255, 7))
                .on(whole(DType.BOOL, 0, 2, 5), whole(DType.BOOL, 0, 2, 5))
                .on(whole(DType.INT64, -99, 99, 4099), whole(DType.INT64, -99, 99, 4099));
    }

    private static Row shifts(Operator operator, String torch) {
        return Row.of(operator)
                .torch(torch)
                .order(0)
                .on(whole(DType.INT32, -9, 9, 4, 3), whole(DType.INT32, 0, 20, 3))
                .on(whole(DType.UINT8, 0, 255, 7), whole(DType.UINT8, 0, 7, 7))
                .on(whole(DType.INT64, -99, 99, 4099), whole(DType.INT64, 0, 60, 4099));
    }

    private static Row booleans(Operator operator, String torch) {
        return Row.of(operator).torch(torch).order(0).on(whole(DType.BOOL, 0, 2, 4, 3), whole(DType.BOOL, 0, 2, 3));
    }

    private static Row one(Operator operator, DType type, String torch) {
        return Row.of(operator)
                .torch(torch)
                .order(0)
                .on(whole(type, -5, 6, 4, 3))
                .on(whole(type, -5, 6))
                .on(whole(type, -5, 6, 0));
    }

    private static Row tie(Operator operator, String torch) {
        return Row.of(operator).torch(torch).on(values(Shape.of(3), 1, 2, 3), values(Shape.of(3), 1, 2, 0));
    }

    private static Row extremum(boolean minimum, String torch) {
        return Row.of(new ExtremumGradient(minimum))
                .torch(torch)
                .on(real(-2, 2, 3, 4), real(-2, 2, 3, 4), real(-2, 2, 3, 4))
                .on(real(-2, 2, 2), values(Shape.of(2), 1, 2), values(Shape.of(2), 1, 3))
                .on(real(-2, 2), real(-2, 2), real(-2, 2))
                .on(real(-2, 2, 0), real(-2, 2, 0), real(-2, 2, 0));
    }

    /** Differences do not see the gradient of a straight-through estimator: values are fixed so that none are taken. */
    private static Row straightThrough(Operator operator, String torch) {
        return Row.of(operator).torch(torch).on(values(Shape.of(5), -2.3, -0.7, 0.4, 0.9, 1.7));
    }

    private static Row masked(boolean inverted, String torch) {
        return Row.of(new Masked(inverted))
                .torch(torch)
                .on(real(-2, 2, 3, 4), whole(DType.BOOL, 0, 2, 3, 4))
                .on(real(-2, 2), whole(DType.BOOL, 0, 2))
                .on(real(-2, 2, 0), whole(DType.BOOL, 0, 2, 0))
                .on(real(-2, 2, 4099), whole(DType.BOOL, 0, 2, 4099));
    }
}
