package io.kiln.op.sparse;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.index.Gather;

/**
 * Elements of a dense matrix at the positions of a CSR matrix; the reverse of {@link CsrToDense}. Inputs:
 * indptr[rows+1], indices[n] (int32 or int64), x[rows,columns]. Shapes: v[n]. Dtype: as x.
 *
 * @param rows rows of the matrix
 * @param columns its columns
 */
public record CsrValues(long rows, long columns) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        CsrPlaces.check(name(), rows, inputs[0], inputs[1]);
        if (!Shape.of(rows, columns).accepts(inputs[2].shape())) {
            throw new ShapeException("csrValues: needs x[" + rows + "," + columns + "], got x" + inputs[2].shape());
        }
        return new Spec[] {new Spec(inputs[1].shape(), inputs[2].dtype())};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray column = CsrPlaces.columns(name(), inputs[1], columns);
        NDArray place =
                CsrPlaces.rows(name(), inputs[0], inputs[1]).mul(columns).add(column);
        return new NDArray[] {Dispatch.one(new Gather(0), inputs[2].reshape(rows * columns), place)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        CsrToDense dense = new CsrToDense(rows, columns);
        return new NDArray[] {null, null, Dispatch.one(dense, c.input(0), c.input(1), c.outputGradient(0))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
