package io.kiln.op.index;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.AlongAxis;
import io.kiln.op.internal.Indices;
import io.kiln.op.math.Where;
import java.util.Arrays;

/**
 * Takes the entries given by rows of indices: y[i,…] = x[indices[i,0],…,indices[i,m-1],…]. Inputs: x, indices[…,m]
 * (int32 or int64, negative ones count from the ends of the first m axes). Shapes: y has all but the last axis of
 * indices, then those of x from axis m on. Dtype: as x.
 */
public record GatherNd() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Indices.check(name(), inputs[1]);
        Shape x = inputs[0].shape();
        Shape indices = inputs[1].shape();
        long m = indices.rank() == 0 ? Shape.UNKNOWN : indices.dim(-1);
        if (m < 1 || m > x.rank()) {
            throw new ShapeException("gatherNd: the last axis of indices" + indices + " must be from 1 to " + x.rank()
                    + ", the number of axes of x" + x);
        }
        int rows = indices.rank() - 1;
        long[] d = Arrays.copyOf(indices.dims(), rows + x.rank() - (int) m);
        for (int i = rows; i < d.length; i++) {
            d[i] = x.dim(i - rows + (int) m);
        }
        return new Spec[] {new Spec(Shape.of(d), inputs[0].dtype())};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        NDArray joined = x.reshape(joined(x.shape(), (int) inputs[1].shape().dim(-1)));
        return new NDArray[] {Dispatch.one(new Gather(0), joined, flat(name(), x.shape(), inputs[1]))};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        Shape joined = joined(x.shape(), (int) c.input(1).shape().dim(-1));
        NDArray zeros = x.factory().zeros(joined, x.dtype());
        NDArray flat = flatFromStart(x.shape(), c.input(1));
        NDArray dx = Dispatch.one(new ScatterAdd(0), zeros, flat, c.outputGradient(0));
        return new NDArray[] {dx.reshape(x.shape()), null};
    }

    /** x with its first m axes merged into one. */
    static Shape joined(Shape x, int m) {
        long[] d = Arrays.copyOfRange(x.dims(), m - 1, x.rank());
        d[0] = Shape.of(Arrays.copyOf(x.dims(), m)).size();
        return Shape.of(d);
    }

    /** The indices into the merged axis, if they are in range. */
    static NDArray flat(String operation, Shape x, NDArray indices) {
        int m = (int) indices.shape().dim(-1);
        NDArray flat = null;
        for (int i = 0; i < m; i++) {
            NDArray part = AlongAxis.fromStart(operation + " (axis " + i + ")", part(indices, i), x.dim(i));
            flat = flat == null ? part : flat.mul(x.dim(i)).add(part);
        }
        return flat;
    }

    private static NDArray part(NDArray indices, int axis) {
        return indices.slice(-1, axis, axis + 1).squeeze(-1).cast(DType.INT64);
    }

    /** The same for a gradient, which may be traced; the call itself has checked the range. */
    private static NDArray flatFromStart(Shape x, NDArray indices) {
        int m = (int) indices.shape().dim(-1);
        NDArray flat = null;
        for (int i = 0; i < m; i++) {
            NDArray part = part(indices, i);
            part = Dispatch.one(new Where(), part.lt(0), part.add(x.dim(i)), part);
            flat = flat == null ? part : flat.mul(x.dim(i)).add(part);
        }
        return flat;
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
