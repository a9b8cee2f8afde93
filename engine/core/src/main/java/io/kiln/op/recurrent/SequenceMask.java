package io.kiln.op.recurrent;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.TimeAxes;
import io.kiln.op.math.Masked;
import io.kiln.op.math.Where;
import java.util.Arrays;

/**
 * Overwrites the elements after the end of each sequence: y[t,n,…] = x[t,n,…] for t &lt; length[n], else a value.
 * Inputs: x[T,N,…] or x[N,T,…], length[N] (int32 or int64; a length of T or more keeps all, one of 0 or less nothing).
 * Shapes: y as x. Dtype: as x.
 *
 * @param value what stands behind the end
 * @param timeAxis 0 for x[T,N,…], 1 for x[N,T,…]
 */
public record SequenceMask(double value, int timeAxis) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        TimeAxes.check(name(), timeAxis, inputs);
        return new Spec[] {inputs[0]};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        NDArray inside = TimeAxes.times(x.factory(), x.shape().dim(timeAxis), timeAxis)
                .lt(TimeAxes.lengths(inputs[1], timeAxis));
        long[] d = new long[x.shape().rank()];
        Arrays.fill(d, 1);
        d[0] = x.shape().dim(0);
        d[1] = x.shape().dim(1);
        NDArray mask = inside.reshape(Shape.of(d));
        return new NDArray[] {
            value == 0
                    ? Dispatch.one(new Masked(false), x, mask).cast(x.dtype())
                    : Dispatch.one(new Where(), mask, x, x.factory().scalar(value, x.dtype()))
        };
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(new SequenceMask(0, timeAxis), c.outputGradient(0), c.input(1)), null};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
