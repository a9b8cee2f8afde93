package io.kiln.op;

import io.kiln.ndarray.DType;
import io.kiln.op.activation.Celu;
import io.kiln.op.activation.Elu;
import io.kiln.op.activation.Gelu;
import io.kiln.op.activation.HardSigmoid;
import io.kiln.op.activation.HardSwish;
import io.kiln.op.activation.LeakyRelu;
import io.kiln.op.activation.LogSigmoid;
import io.kiln.op.activation.Mish;
import io.kiln.op.activation.Relu;
import io.kiln.op.activation.Selu;
import io.kiln.op.activation.Sigmoid;
import io.kiln.op.activation.Silu;
import io.kiln.op.activation.SoftShrink;
import io.kiln.op.activation.Softplus;
import io.kiln.op.activation.Softsign;
import io.kiln.op.math.Abs;
import io.kiln.op.math.Acos;
import io.kiln.op.math.Acosh;
import io.kiln.op.math.Asin;
import io.kiln.op.math.Asinh;
import io.kiln.op.math.Atan;
import io.kiln.op.math.Atanh;
import io.kiln.op.math.BitwiseNot;
import io.kiln.op.math.Cbrt;
import io.kiln.op.math.Ceil;
import io.kiln.op.math.Clip;
import io.kiln.op.math.Cos;
import io.kiln.op.math.Cosh;
import io.kiln.op.math.Digamma;
import io.kiln.op.math.Erf;
import io.kiln.op.math.Erfc;
import io.kiln.op.math.Erfinv;
import io.kiln.op.math.Exp;
import io.kiln.op.math.Exp2;
import io.kiln.op.math.Expm1;
import io.kiln.op.math.Floor;
import io.kiln.op.math.IsFinite;
import io.kiln.op.math.IsInf;
import io.kiln.op.math.IsNan;
import io.kiln.op.math.Lgamma;
import io.kiln.op.math.Log;
import io.kiln.op.math.Log10;
import io.kiln.op.math.Log1p;
import io.kiln.op.math.Log2;
import io.kiln.op.math.Logit;
import io.kiln.op.math.NanToNum;
import io.kiln.op.math.Neg;
import io.kiln.op.math.Not;
import io.kiln.op.math.Polygamma;
import io.kiln.op.math.Reciprocal;
import io.kiln.op.math.Round;
import io.kiln.op.math.Rsqrt;
import io.kiln.op.math.Sign;
import io.kiln.op.math.Sin;
import io.kiln.op.math.Sinh;
import io.kiln.op.math.Sqrt;
import io.kiln.op.math.Square;
import io.kiln.op.math.StraightThrough;
import io.kiln.op.math.Tan;
import io.kiln.op.math.Tanh;
import io.kiln.op.math.Trunc;
import io.kiln.op.nn.DropoutOp;

/**
 * Elementwise functions, as methods.
 *
 * @param <T> array or symbol
 */
public abstract class FunctionOperand<T extends Operand<T>> extends Operand<T> {
    FunctionOperand() {}

    /** {@return each element with its sign changed} */
    public T neg() {
        return apply(new Neg());
    }

    /** {@return |x| of each element} */
    public T abs() {
        return apply(new Abs());
    }

    /** {@return -1, 0 or 1, the sign of each element; its gradient is 0} */
    public T sign() {
        return apply(new Sign(StraightThrough.NONE));
    }

    /** {@return x² of each element} */
    public T square() {
        return apply(new Square());
    }

    /** {@return √x of each element} */
    public T sqrt() {
        return apply(new Sqrt());
    }

    /** {@return the cube root of each element} */
    public T cbrt() {
        return apply(new Cbrt());
    }

    /** {@return 1 / √x of each element} */
    public T rsqrt() {
        return apply(new Rsqrt());
    }

    /** {@return 1 / x of each element} */
    public T reciprocal() {
        return apply(new Reciprocal());
    }

    /** {@return e to the power of each element} */
    public T exp() {
        return apply(new Exp());
    }

    /** {@return 2 to the power of each element} */
    public T exp2() {
        return apply(new Exp2());
    }

    /** {@return exp(x) − 1 of each element, precise near 0} */
    public T expm1() {
        return apply(new Expm1());
    }

    /** {@return the natural logarithm of each element} */
    public T log() {
        return apply(new Log());
    }

    /** {@return the logarithm to the base 2 of each element} */
    public T log2() {
        return apply(new Log2());
    }

    /** {@return the logarithm to the base 10 of each element} */
    public T log10() {
        return apply(new Log10());
    }

    /** {@return ln(1 + x) of each element, precise near 0} */
    public T log1p() {
        return apply(new Log1p());
    }

    /** {@return ln(x / (1 − x)) of each element, the inverse of {@link #sigmoid}} */
    public T logit() {
        return apply(new Logit());
    }

    /** {@return the sine of each element, in radians} */
    public T sin() {
        return apply(new Sin());
    }

    /** {@return the cosine of each element, in radians} */
    public T cos() {
        return apply(new Cos());
    }

    /** {@return the tangent of each element, in radians} */
    public T tan() {
        return apply(new Tan());
    }

    /** {@return the angle in radians whose sine each element is} */
    public T asin() {
        return apply(new Asin());
    }

    /** {@return the angle in radians whose cosine each element is} */
    public T acos() {
        return apply(new Acos());
    }

    /** {@return the angle in radians whose tangent each element is} */
    public T atan() {
        return apply(new Atan());
    }

    /** {@return the hyperbolic sine of each element} */
    public T sinh() {
        return apply(new Sinh());
    }

    /** {@return the hyperbolic cosine of each element} */
    public T cosh() {
        return apply(new Cosh());
    }

    /** {@return the hyperbolic tangent of each element} */
    public T tanh() {
        return apply(new Tanh());
    }

    /** {@return the inverse hyperbolic sine of each element} */
    public T asinh() {
        return apply(new Asinh());
    }

    /** {@return the inverse hyperbolic cosine of each element} */
    public T acosh() {
        return apply(new Acosh());
    }

    /** {@return the inverse hyperbolic tangent of each element} */
    public T atanh() {
        return apply(new Atanh());
    }

    /** {@return the error function of each element} */
    public T erf() {
        return apply(new Erf());
    }

    /** {@return 1 − erf(x) of each element, precise for large x} */
    public T erfc() {
        return apply(new Erfc());
    }

    /** {@return the inverse error function of each element} */
    public T erfinv() {
        return apply(new Erfinv());
    }

    /** {@return ln |Γ(x)| of each element} */
    public T lgamma() {
        return apply(new Lgamma());
    }

    /** {@return the derivative of ln Γ(x) of each element} */
    public T digamma() {
        return apply(new Digamma());
    }

    /**
     * The n-th derivative of {@link #digamma}.
     *
     * @param n how often to differentiate, from 1 to 20
     * @return the result, element by element
     */
    public T polygamma(int n) {
        return apply(new Polygamma(n));
    }

    /** {@return the next whole number at or below each element} */
    public T floor() {
        return apply(new Floor());
    }

    /** {@return the next whole number at or above each element} */
    public T ceil() {
        return apply(new Ceil());
    }

    /** {@return the whole number nearest to each element, ties to even} */
    public T round() {
        return apply(new Round(false));
    }

    /** {@return each element without its fraction} */
    public T trunc() {
        return apply(new Trunc());
    }

    /**
     * Clamps each element to a range.
     *
     * @param min the lower bound
     * @param max the upper bound
     * @return the result, element by element
     */
    public T clip(double min, double max) {
        return apply(new Clip(min, max, false));
    }

    /**
     * Replaces NaN and infinities by numbers.
     *
     * @param nan in place of NaN
     * @param above in place of infinity
     * @param below in place of minus infinity
     * @return the result, element by element
     */
    public T nanToNum(double nan, double above, double below) {
        return apply(new NanToNum(nan, above, below));
    }

    /** {@return true where an element is NaN} */
    public T isNan() {
        return apply(new IsNan());
    }

    /** {@return true where an element is infinite} */
    public T isInf() {
        return apply(new IsInf());
    }

    /** {@return true where an element is neither infinite nor NaN} */
    public T isFinite() {
        return apply(new IsFinite());
    }

    /** {@return true where an element is 0} */
    public T logicalNot() {
        return apply(new Not());
    }

    /** {@return the bits of integers inverted} */
    public T bitwiseNot() {
        return apply(new BitwiseNot());
    }

    /** {@return max(x, 0) of each element} */
    public T relu() {
        return apply(new Relu());
    }

    /** {@return 1 / (1 + exp(−x)) of each element} */
    public T sigmoid() {
        return apply(new Sigmoid());
    }

    /** {@return the logarithm of {@link #sigmoid}} */
    public T logSigmoid() {
        return apply(new LogSigmoid());
    }

    /** {@return x / (1 + exp(−x)) of each element} */
    public T silu() {
        return apply(new Silu());
    }

    /** {@return x Φ(x) of each element, the Gaussian error linear unit} */
    public T gelu() {
        return apply(new Gelu(false));
    }

    /**
     * The Gaussian error linear unit.
     *
     * @param approximate whether to use the tanh approximation
     * @return the result, element by element
     */
    public T gelu(boolean approximate) {
        return apply(new Gelu(approximate));
    }

    /** {@return ln(1 + exp(x)) of each element} */
    public T softplus() {
        return apply(new Softplus());
    }

    /** {@return x / (1 + |x|) of each element} */
    public T softsign() {
        return apply(new Softsign());
    }

    /** {@return x tanh(ln(1 + exp(x))) of each element} */
    public T mish() {
        return apply(new Mish());
    }

    /** {@return the self-normalising exponential linear unit of each element} */
    public T selu() {
        return apply(new Selu());
    }

    /**
     * x, and α (exp(x) − 1) where x is negative.
     *
     * @param alpha minus the limit for large negative elements
     * @return the result, element by element
     */
    public T elu(double alpha) {
        return apply(new Elu(alpha));
    }

    /**
     * x, and α (exp(x / α) − 1) where x is negative.
     *
     * @param alpha minus the limit for large negative elements
     * @return the result, element by element
     */
    public T celu(double alpha) {
        return apply(new Celu(alpha));
    }

    /**
     * x, and slope · x where x is negative.
     *
     * @param slope the factor of negative elements
     * @return the result, element by element
     */
    public T leakyRelu(double slope) {
        return apply(new LeakyRelu(slope));
    }

    /** {@return x / 6 + 1/2 of each element, clamped to [0, 1]} */
    public T hardSigmoid() {
        return apply(new HardSigmoid(1.0 / 6, 0.5));
    }

    /** {@return x times {@link #hardSigmoid}} */
    public T hardSwish() {
        return apply(new HardSwish());
    }

    /**
     * Each element moved towards 0 by λ, and 0 where it is nearer than that.
     *
     * @param lambda by how much to move
     * @return the result, element by element
     */
    public T softShrink(double lambda) {
        return apply(new SoftShrink(lambda));
    }

    /**
     * Converts the elements to another type.
     *
     * @param dtype the type
     * @return the elements converted
     */
    public T cast(DType dtype) {
        return apply(new Cast(dtype));
    }

    /**
     * Sets random elements to 0 and scales up the others, in train mode only.
     *
     * @param rate probability of an element being dropped, 0 &le; rate &lt; 1
     * @return the elements left
     */
    public T dropout(double rate) {
        return apply(new DropoutOp(rate));
    }
}
