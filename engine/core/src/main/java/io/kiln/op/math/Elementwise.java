package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Cast;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.Elu;
import io.kiln.op.activation.Gelu;
import io.kiln.op.activation.LeakyRelu;
import io.kiln.op.activation.Relu;
import io.kiln.op.activation.Selu;
import io.kiln.op.activation.Sigmoid;
import io.kiln.op.activation.Silu;
import io.kiln.op.activation.Softplus;

/** Operators that compute each element from the elements at the same place. Shapes broadcast as in NumPy. */
public final class Elementwise {
    private Elementwise() {}

    /** {@return {@link Add} of a and b} */
    public static NDArray add(NDArray a, NDArray b) {
        return Dispatch.one(new Add(), a, b);
    }

    /** {@return {@link Sub} of a and b} */
    public static NDArray sub(NDArray a, NDArray b) {
        return Dispatch.one(new Sub(), a, b);
    }

    /** {@return {@link Mul} of a and b} */
    public static NDArray mul(NDArray a, NDArray b) {
        return Dispatch.one(new Mul(), a, b);
    }

    /** {@return {@link Div} of a and b} */
    public static NDArray div(NDArray a, NDArray b) {
        return Dispatch.one(new Div(), a, b);
    }

    /** {@return {@link FloorDiv} of a and b} */
    public static NDArray floorDiv(NDArray a, NDArray b) {
        return Dispatch.one(new FloorDiv(), a, b);
    }

    /** {@return {@link Mod} of a and b} */
    public static NDArray mod(NDArray a, NDArray b) {
        return Dispatch.one(new Mod(), a, b);
    }

    /** {@return {@link Pow} of a and b} */
    public static NDArray pow(NDArray a, NDArray b) {
        return Dispatch.one(new Pow(), a, b);
    }

    /** {@return {@link Maximum} of a and b} */
    public static NDArray maximum(NDArray a, NDArray b) {
        return Dispatch.one(new Maximum(), a, b);
    }

    /** {@return {@link Minimum} of a and b} */
    public static NDArray minimum(NDArray a, NDArray b) {
        return Dispatch.one(new Minimum(), a, b);
    }

    /** {@return {@link Atan2} of a and b} */
    public static NDArray atan2(NDArray a, NDArray b) {
        return Dispatch.one(new Atan2(), a, b);
    }

    /** {@return {@link Eq} of a and b} */
    public static NDArray eq(NDArray a, NDArray b) {
        return Dispatch.one(new Eq(), a, b);
    }

    /** {@return {@link Ne} of a and b} */
    public static NDArray ne(NDArray a, NDArray b) {
        return Dispatch.one(new Ne(), a, b);
    }

    /** {@return {@link Lt} of a and b} */
    public static NDArray lt(NDArray a, NDArray b) {
        return Dispatch.one(new Lt(), a, b);
    }

    /** {@return {@link Le} of a and b} */
    public static NDArray le(NDArray a, NDArray b) {
        return Dispatch.one(new Le(), a, b);
    }

    /** {@return {@link Gt} of a and b} */
    public static NDArray gt(NDArray a, NDArray b) {
        return Dispatch.one(new Gt(), a, b);
    }

    /** {@return {@link Ge} of a and b} */
    public static NDArray ge(NDArray a, NDArray b) {
        return Dispatch.one(new Ge(), a, b);
    }

    /** {@return {@link And} of a and b} */
    public static NDArray logicalAnd(NDArray a, NDArray b) {
        return Dispatch.one(new And(), a, b);
    }

    /** {@return {@link Or} of a and b} */
    public static NDArray logicalOr(NDArray a, NDArray b) {
        return Dispatch.one(new Or(), a, b);
    }

    /** {@return {@link Neg} of x} */
    public static NDArray neg(NDArray x) {
        return Dispatch.one(new Neg(), x);
    }

    /** {@return {@link Reciprocal} of x} */
    public static NDArray reciprocal(NDArray x) {
        return Dispatch.one(new Reciprocal(), x);
    }

    /** {@return {@link Square} of x} */
    public static NDArray square(NDArray x) {
        return Dispatch.one(new Square(), x);
    }

    /** {@return {@link Abs} of x} */
    public static NDArray abs(NDArray x) {
        return Dispatch.one(new Abs(), x);
    }

    /** {@return {@link Exp} of x} */
    public static NDArray exp(NDArray x) {
        return Dispatch.one(new Exp(), x);
    }

    /** {@return {@link Expm1} of x} */
    public static NDArray expm1(NDArray x) {
        return Dispatch.one(new Expm1(), x);
    }

    /** {@return {@link Log} of x} */
    public static NDArray log(NDArray x) {
        return Dispatch.one(new Log(), x);
    }

    /** {@return {@link Log1p} of x} */
    public static NDArray log1p(NDArray x) {
        return Dispatch.one(new Log1p(), x);
    }

    /** {@return {@link Sqrt} of x} */
    public static NDArray sqrt(NDArray x) {
        return Dispatch.one(new Sqrt(), x);
    }

    /** {@return {@link Rsqrt} of x} */
    public static NDArray rsqrt(NDArray x) {
        return Dispatch.one(new Rsqrt(), x);
    }

    /** {@return {@link Floor} of x} */
    public static NDArray floor(NDArray x) {
        return Dispatch.one(new Floor(), x);
    }

    /** {@return {@link Ceil} of x} */
    public static NDArray ceil(NDArray x) {
        return Dispatch.one(new Ceil(), x);
    }

    /** {@return {@link Sin} of x} */
    public static NDArray sin(NDArray x) {
        return Dispatch.one(new Sin(), x);
    }

    /** {@return {@link Cos} of x} */
    public static NDArray cos(NDArray x) {
        return Dispatch.one(new Cos(), x);
    }

    /** {@return {@link Tan} of x} */
    public static NDArray tan(NDArray x) {
        return Dispatch.one(new Tan(), x);
    }

    /** {@return {@link Asin} of x} */
    public static NDArray asin(NDArray x) {
        return Dispatch.one(new Asin(), x);
    }

    /** {@return {@link Acos} of x} */
    public static NDArray acos(NDArray x) {
        return Dispatch.one(new Acos(), x);
    }

    /** {@return {@link Atan} of x} */
    public static NDArray atan(NDArray x) {
        return Dispatch.one(new Atan(), x);
    }

    /** {@return {@link Sinh} of x} */
    public static NDArray sinh(NDArray x) {
        return Dispatch.one(new Sinh(), x);
    }

    /** {@return {@link Cosh} of x} */
    public static NDArray cosh(NDArray x) {
        return Dispatch.one(new Cosh(), x);
    }

    /** {@return {@link Tanh} of x} */
    public static NDArray tanh(NDArray x) {
        return Dispatch.one(new Tanh(), x);
    }

    /** {@return {@link Erf} of x} */
    public static NDArray erf(NDArray x) {
        return Dispatch.one(new Erf(), x);
    }

    /** {@return {@link Not} of x} */
    public static NDArray logicalNot(NDArray x) {
        return Dispatch.one(new Not(), x);
    }

    /** {@return {@link IsNan} of x} */
    public static NDArray isNan(NDArray x) {
        return Dispatch.one(new IsNan(), x);
    }

    /** {@return {@link IsFinite} of x} */
    public static NDArray isFinite(NDArray x) {
        return Dispatch.one(new IsFinite(), x);
    }

    /** {@return {@link Relu} of x} */
    public static NDArray relu(NDArray x) {
        return Dispatch.one(new Relu(), x);
    }

    /** {@return {@link Sigmoid} of x} */
    public static NDArray sigmoid(NDArray x) {
        return Dispatch.one(new Sigmoid(), x);
    }

    /** {@return {@link Selu} of x} */
    public static NDArray selu(NDArray x) {
        return Dispatch.one(new Selu(), x);
    }

    /** {@return {@link Silu} of x} */
    public static NDArray silu(NDArray x) {
        return Dispatch.one(new Silu(), x);
    }

    /** {@return {@link Softplus} of x} */
    public static NDArray softplus(NDArray x) {
        return Dispatch.one(new Softplus(), x);
    }

    /** {@return {@link Round} of x} */
    public static NDArray round(NDArray x) {
        return Dispatch.one(new Round(false), x);
    }

    /** {@return {@link Sign} of x} */
    public static NDArray sign(NDArray x) {
        return Dispatch.one(new Sign(StraightThrough.NONE), x);
    }

    /**
     * {@link Sign} with a chosen gradient.
     *
     * @param x the array
     * @param straightThrough what the gradient does
     * @return a new array
     */
    public static NDArray sign(NDArray x, StraightThrough straightThrough) {
        return Dispatch.one(new Sign(straightThrough), x);
    }

    /**
     * {@link Round} with a chosen gradient.
     *
     * @param x the array
     * @param straightThrough whether the gradient passes
     * @return a new array
     */
    public static NDArray round(NDArray x, boolean straightThrough) {
        return Dispatch.one(new Round(straightThrough), x);
    }

    /**
     * {@link Clip}: every element limited to a range.
     *
     * @param x the array
     * @param min the lower bound
     * @param max the upper bound
     * @return a new array
     */
    public static NDArray clip(NDArray x, double min, double max) {
        return clip(x, min, max, false);
    }

    /**
     * {@link Clip} with a chosen gradient.
     *
     * @param x the array
     * @param min the lower bound
     * @param max the upper bound
     * @param straightThrough whether the gradient passes everywhere
     * @return a new array
     */
    public static NDArray clip(NDArray x, double min, double max, boolean straightThrough) {
        return Dispatch.one(new Clip(min, max, straightThrough), x);
    }

    /**
     * {@link Pow} with a number as exponent.
     *
     * @param x the array
     * @param c the exponent
     * @return a new array
     */
    public static NDArray pow(NDArray x, double c) {
        return c == 2 ? square(x) : Dispatch.one(new PowScalar(c), x);
    }

    /**
     * A number minus every element.
     *
     * @param c the number
     * @param x the array
     * @return a new array
     */
    public static NDArray sub(double c, NDArray x) {
        return Dispatch.one(new RsubScalar(c), x);
    }

    /**
     * A number divided by every element.
     *
     * @param c the number
     * @param x the array
     * @return a new array
     */
    public static NDArray div(double c, NDArray x) {
        return Dispatch.one(new RdivScalar(c), x);
    }

    /**
     * Compares every element with a number; integers against a fraction as float64.
     *
     * @param x the array
     * @param comparison which comparison
     * @param c the number
     * @return a new array
     */
    public static NDArray compare(NDArray x, Comparison comparison, double c) {
        boolean fraction = !x.dtype().isFloating() && c != Math.rint(c);
        return Dispatch.one(new CompareScalar(comparison, c), fraction ? x.cast(DType.FLOAT64) : x);
    }

    /**
     * {@link Where}: a where the condition differs from 0, else b.
     *
     * @param condition the condition
     * @param a values where it holds
     * @param b values elsewhere
     * @return a new array
     */
    public static NDArray where(NDArray condition, NDArray a, NDArray b) {
        return Dispatch.one(new Where(), condition, a, b);
    }

    /**
     * {@link LeakyRelu}.
     *
     * @param x the array
     * @param slope factor of negative elements
     * @return a new array
     */
    public static NDArray leakyRelu(NDArray x, double slope) {
        return Dispatch.one(new LeakyRelu(slope), x);
    }

    /**
     * {@link Elu}.
     *
     * @param x the array
     * @param alpha minus the limit for large negative elements
     * @return a new array
     */
    public static NDArray elu(NDArray x, double alpha) {
        return Dispatch.one(new Elu(alpha), x);
    }

    /**
     * {@link Gelu}.
     *
     * @param x the array
     * @param approximate whether to use the tanh approximation
     * @return a new array
     */
    public static NDArray gelu(NDArray x, boolean approximate) {
        return Dispatch.one(new Gelu(approximate), x);
    }

    /**
     * {@link Cast}: the elements in another type.
     *
     * @param x the array
     * @param dtype the type
     * @return a new array
     */
    public static NDArray cast(NDArray x, DType dtype) {
        return x.cast(dtype);
    }
}
