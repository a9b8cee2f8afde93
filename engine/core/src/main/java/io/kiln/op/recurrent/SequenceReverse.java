package io.kiln.op.recurrent;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.index.Gather;
import io.kiln.op.internal.AlongAxis;
import io.kiln.op.internal.TimeAxes;
import io.kiln.op.math.Where;

/**
 * Reverses each sequence and leaves the elements after its end: y[t,n,…] = x[length[n] - 1 - t,n,…] for t &lt;
 * length[n], else x[t,n,…]. Inputs: x[T,N,…] or x[N,T,…], length[N] (int32 or int64, from 0 to T). Shapes: y as x.
 * Dtype: as x.
 *
 * @param timeAxis 0 for x[T,N,…], 1 for x[N,T,…]
 */
public record SequenceReverse(int timeAxis) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        TimeAxes.check(name(), timeAxis, inputs);
        return new Spec[] {inputs[0]};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        long steps = x.shape().dim(timeAxis);
        AlongAxis.checkRange(name() + " (length)", inputs[1], steps + 1);
        NDArray times = TimeAxes.times(x.factory(), steps, timeAxis);
        NDArray length = TimeAxes.lengths(inputs[1], timeAxis);
        NDArray source =
                Dispatch.one(new Where(), times.lt(length), length.sub(1).sub(times), times);
        NDArray taken = Dispatch.one(new Gather(0), TimeAxes.joined(x), TimeAxes.places(source, x.shape(), timeAxis));
        return new NDArray[] {taken.reshape(x.shape())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(this, c.outputGradient(0), c.input(1)), null};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
