package io.kiln.op.sparse;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.index.Gather;

/**
 * Elements of the product a bᵀ at the positions of a CSR matrix: v[e] = Σ_k a[row(e),k] b[indices[e],k]. Inputs:
 * indptr[rows+1], indices[n] (int32 or int64), a[rows,k], b[columns,k]. Shapes: v[n]. Dtype: the promoted one of a and
 * b, floating.
 *
 * @param rows rows of the sparse matrix
 * @param columns its columns
 */
public record CsrSampledDot(long rows, long columns) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        CsrPlaces.check(name(), rows, inputs[0], inputs[1]);
        Shape a = inputs[2].shape();
        Shape b = inputs[3].shape();
        DType type = inputs[2].dtype().promote(inputs[3].dtype());
        boolean fits = a.rank() == 2
                && b.rank() == 2
                && Shape.of(rows, columns).accepts(Shape.of(a.dim(0), b.dim(0)))
                && a.without(0).accepts(b.without(0))
                && type.isFloating();
        if (!fits) {
            throw new ShapeException("csrSampledDot: places in [" + rows + "," + columns + "] need floating a[" + rows
                    + ",k] and b[" + columns + ",k], got a " + inputs[2] + " and b " + inputs[3]);
        }
        return new Spec[] {new Spec(inputs[1].shape(), type)};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray a = Dispatch.one(new Gather(0), inputs[2], CsrPlaces.rows(name(), inputs[0], inputs[1]));
        NDArray b = Dispatch.one(new Gather(0), inputs[3], CsrPlaces.columns(name(), inputs[1], columns));
        return new NDArray[] {a.mul(b).sum(1)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dv = c.outputGradient(0);
        NDArray da = c.needs(2)
                ? Dispatch.one(new CsrDot(rows, columns, false), c.input(0), c.input(1), dv, c.input(3))
                : null;
        NDArray db = c.needs(3)
                ? Dispatch.one(new CsrDot(rows, columns, true), c.input(0), c.input(1), dv, c.input(2))
                : null;
        return new NDArray[] {null, null, da, db};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 2 * inputs[1].shape().size() * inputs[2].shape().dim(1);
    }
}
