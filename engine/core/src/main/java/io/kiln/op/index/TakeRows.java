package io.kiln.op.index;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.AlongAxis;
import io.kiln.op.internal.Indices;
import io.kiln.op.internal.TimeAxes;
import io.kiln.op.math.Masked;
import io.kiln.op.math.Maximum;
import io.kiln.op.math.Where;
import io.kiln.op.vision.NonMaximumSuppression;
import java.util.Arrays;

/**
 * Takes rows of each image, or a value where there is none: y[b,m,…] = x[b,index[b,m],…], the value where the index is
 * negative. It takes what {@link NonMaximumSuppression} keeps. Inputs: x[B,N,…], index[B,M] (int32 or int64, below N). Shapes: y[B,M,…].
 * Dtype: as x.
 *
 * @param value what stands where the index is negative
 */
public record TakeRows(double value) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        Shape index = inputs[1].shape();
        Indices.check(name(), inputs[1]);
        if (x.rank() < 2 || index.rank() != 2 || !Shape.of(x.dim(0)).accepts(Shape.of(index.dim(0)))) {
            throw new ShapeException("takeRows: expected x[B,N,…] and index[B,M], got x" + x + " and index" + index);
        }
        return new Spec[] {new Spec(x.with(1, index.dim(1)), inputs[0].dtype())};
    }

    /** Places in x with its first two axes joined; those of negative indices are some row's. */
    private static NDArray places(NDArray index, Shape x) {
        NDArray starts = index.factory().arange(0, x.dim(0), 1, DType.INT64).mul(x.dim(1));
        NDArray some = Dispatch.one(
                new Maximum(), index.cast(DType.INT64), index.factory().scalar(0, DType.INT64));
        return some.add(starts.expandDims(1));
    }

    private static NDArray mask(NDArray index, Shape y) {
        long[] d = new long[y.rank()];
        Arrays.fill(d, 1);
        d[0] = y.dim(0);
        d[1] = y.dim(1);
        return index.ge(0).reshape(Shape.of(d));
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        NDArray index = inputs[1];
        Shape y = infer(x.spec(), index.spec())[0].shape();
        if (x.shape().dim(1) == 0) {
            AlongAxis.checkRange(
                    name(),
                    Dispatch.one(new Maximum(), index, Creation.fullLike(index, -1))
                            .add(1),
                    1);
            return new NDArray[] {x.factory().full(y, value, x.dtype())};
        }
        AlongAxis.checkRange(
                name(),
                Dispatch.one(new Maximum(), index, Creation.zerosLike(index)),
                x.shape().dim(1));
        NDArray taken = Dispatch.one(new Gather(0), TimeAxes.joined(x), places(index, x.shape()));
        return new NDArray[] {
            Dispatch.one(new Where(), mask(index, y), taken, x.factory().scalar(value, x.dtype()))
        };
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        if (x.shape().dim(1) == 0) {
            return new NDArray[] {Creation.zerosLike(x), null};
        }
        NDArray dy = c.outputGradient(0);
        NDArray kept = Dispatch.one(new Masked(false), dy, mask(c.input(1), dy.shape()));
        NDArray zeros = Creation.zerosLike(TimeAxes.joined(x));
        NDArray dx = Dispatch.one(new ScatterAdd(0), zeros, places(c.input(1), x.shape()), kept);
        return new NDArray[] {dx.reshape(x.shape()), null};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
