package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;

/**
 * Discrete Fourier transform: \(y_k = \sum_j x_j e^{-2\pi i jk/n}\), or its inverse \(y_k = \frac1n \sum_j x_j e^{2\pi i jk/n}\). Complex
 * numbers are pairs along the last axis, real part first. Shapes: x[…,n,2], y as x. Dtype: as x, floating; computed in float64
 * in time n log n for every n.
 *
 * @param inverse whether the inverse is computed
 */
public record Fft(boolean inverse) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        boolean pairs = x.rank() >= 2 && (x.dim(-1) == 2 || x.dim(-1) == Shape.UNKNOWN);
        if (!pairs || x.dim(-2) == 0 || !inputs[0].dtype().isFloating()) {
            throw new ShapeException("fft: needs floating pairs x[…,n,2] with n above 0, got " + inputs[0]);
        }
        return new Spec[] {inputs[0]};
    }

    /** The transposed conjugate of the transform is n times its inverse. */
    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dx = Dispatch.one(new Fft(!inverse), c.outputGradient(0));
        long n = c.input(0).shape().dim(-2);
        return new NDArray[] {inverse ? dx.div(n) : dx.mul(n)};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        Shape x = inputs[0].shape();
        long levels = 64 - Long.numberOfLeadingZeros(Math.max(1, x.dim(-2)));
        return Math.multiplyExact(5 * levels, x.size() / 2);
    }
}
