package io.kiln.op.recurrent;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.index.Gather;
import io.kiln.op.index.ScatterAdd;
import io.kiln.op.internal.AlongAxis;
import io.kiln.op.internal.TimeAxes;

/**
 * The last element of each sequence: y[n,…] = x[length[n] - 1,n,…]. Inputs: x[T,N,…] or x[N,T,…], length[N] (int32 or int64,
 * from 1 to T). Shapes: y[N,…]. Dtype: as x.
 *
 * @param timeAxis 0 for x[T,N,…], 1 for x[N,T,…]
 */
public record SequenceLast(int timeAxis) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        TimeAxes.check(name(), timeAxis, inputs);
        return new Spec[] {new Spec(inputs[0].shape().without(timeAxis), inputs[0].dtype())};
    }

    private NDArray places(NDArray length, Shape x) {
        return TimeAxes.places(length.cast(DType.INT64).sub(1), x, timeAxis);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        AlongAxis.checkRange(
                name() + " (length - 1)", inputs[1].sub(1), x.shape().dim(timeAxis));
        return new NDArray[] {Dispatch.one(new Gather(0), TimeAxes.joined(x), places(inputs[1], x.shape()))};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        NDArray zeros = Creation.zerosLike(TimeAxes.joined(x));
        NDArray dx = Dispatch.one(new ScatterAdd(0), zeros, places(c.input(1), x.shape()), c.outputGradient(0));
        return new NDArray[] {dx.reshape(x.shape()), null};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
