package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;

/** Functions of numbers beyond arithmetic, element by element. Shapes broadcast as in NumPy. */
public final class Functions {
    private Functions() {}

    /** {@return {@link Log2} of x} */
    public static NDArray log2(NDArray x) {
        return Dispatch.one(new Log2(), x);
    }

    /** {@return {@link Log10} of x} */
    public static NDArray log10(NDArray x) {
        return Dispatch.one(new Log10(), x);
    }

    /** {@return {@link Exp2} of x} */
    public static NDArray exp2(NDArray x) {
        return Dispatch.one(new Exp2(), x);
    }

    /** {@return {@link Cbrt} of x} */
    public static NDArray cbrt(NDArray x) {
        return Dispatch.one(new Cbrt(), x);
    }

    /** {@return {@link Asinh} of x} */
    public static NDArray asinh(NDArray x) {
        return Dispatch.one(new Asinh(), x);
    }

    /** {@return {@link Acosh} of x} */
    public static NDArray acosh(NDArray x) {
        return Dispatch.one(new Acosh(), x);
    }

    /** {@return {@link Atanh} of x} */
    public static NDArray atanh(NDArray x) {
        return Dispatch.one(new Atanh(), x);
    }

    /** {@return {@link Logit} of x} */
    public static NDArray logit(NDArray x) {
        return Dispatch.one(new Logit(), x);
    }

    /** {@return {@link Trunc} of x} */
    public static NDArray trunc(NDArray x) {
        return Dispatch.one(new Trunc(), x);
    }

    /** {@return {@link IsInf} of x} */
    public static NDArray isInf(NDArray x) {
        return Dispatch.one(new IsInf(), x);
    }

    /** {@return {@link Lgamma} of x} */
    public static NDArray lgamma(NDArray x) {
        return Dispatch.one(new Lgamma(), x);
    }

    /** {@return {@link Digamma} of x} */
    public static NDArray digamma(NDArray x) {
        return Dispatch.one(new Digamma(), x);
    }

    /** {@return {@link Erfinv} of x} */
    public static NDArray erfinv(NDArray x) {
        return Dispatch.one(new Erfinv(), x);
    }

    /** {@return {@link Erfc} of x} */
    public static NDArray erfc(NDArray x) {
        return Dispatch.one(new Erfc(), x);
    }

    /** {@return {@link Xlogy} of a and b} */
    public static NDArray xlogy(NDArray a, NDArray b) {
        return Dispatch.one(new Xlogy(), a, b);
    }

    /** {@return {@link Hypot} of a and b} */
    public static NDArray hypot(NDArray a, NDArray b) {
        return Dispatch.one(new Hypot(), a, b);
    }

    /** {@return {@link LogAddExp} of a and b} */
    public static NDArray logAddExp(NDArray a, NDArray b) {
        return Dispatch.one(new LogAddExp(), a, b);
    }

    /** {@return {@link Xor} of a and b} */
    public static NDArray logicalXor(NDArray a, NDArray b) {
        return Dispatch.one(new Xor(), a, b);
    }

    /** {@return {@link TruncDiv} of a and b} */
    public static NDArray truncDiv(NDArray a, NDArray b) {
        return Dispatch.one(new TruncDiv(), a, b);
    }

    /** {@return {@link Fmod} of a and b} */
    public static NDArray fmod(NDArray a, NDArray b) {
        return Dispatch.one(new Fmod(), a, b);
    }

    /** {@return {@link BitwiseAnd} of a and b} */
    public static NDArray bitwiseAnd(NDArray a, NDArray b) {
        return Dispatch.one(new BitwiseAnd(), a, b);
    }

    /** {@return {@link BitwiseOr} of a and b} */
    public static NDArray bitwiseOr(NDArray a, NDArray b) {
        return Dispatch.one(new BitwiseOr(), a, b);
    }

    /** {@return {@link BitwiseXor} of a and b} */
    public static NDArray bitwiseXor(NDArray a, NDArray b) {
        return Dispatch.one(new BitwiseXor(), a, b);
    }

    /** {@return {@link ShiftLeft} of a and b} */
    public static NDArray leftShift(NDArray a, NDArray b) {
        return Dispatch.one(new ShiftLeft(), a, b);
    }

    /** {@return {@link ShiftRight} of a and b} */
    public static NDArray rightShift(NDArray a, NDArray b) {
        return Dispatch.one(new ShiftRight(), a, b);
    }

    /** {@return {@link BitwiseNot} of x} */
    public static NDArray bitwiseNot(NDArray x) {
        return Dispatch.one(new BitwiseNot(), x);
    }

    /** {@return {@link Lerp} of a, b and w} */
    public static NDArray lerp(NDArray a, NDArray b, NDArray w) {
        return Dispatch.one(new Lerp(), a, b, w);
    }

    /**
     * {@link Polygamma}: derivatives of the digamma function.
     *
     * @param n how often it is differentiated, from 1 to 20
     * @param x the array
     * @return a new array
     */
    public static NDArray polygamma(int n, NDArray x) {
        return Dispatch.one(new Polygamma(n), x);
    }

    /**
     * {@link NanToNum}: numbers instead of NaN and infinities.
     *
     * @param x the array
     * @param nan instead of NaN
     * @param above instead of infinity
     * @param below instead of minus infinity
     * @return a new array
     */
    public static NDArray nanToNum(NDArray x, double nan, double above, double below) {
        return Dispatch.one(new NanToNum(nan, above, below), x);
    }

    /**
     * Angles in degrees from radians.
     *
     * @param x the array
     * @return a new array
     */
    public static NDArray degrees(NDArray x) {
        return x.mul(180 / Math.PI);
    }

    /**
     * Angles in radians from degrees.
     *
     * @param x the array
     * @return a new array
     */
    public static NDArray radians(NDArray x) {
        return x.mul(Math.PI / 180);
    }
}
