package io.kiln.op.sparse;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.index.ScatterAdd;

/**
 * The dense form of a CSR matrix. Inputs: indptr[rows+1], indices[n] (int32 or int64), values[n]. Shapes:
 * y[rows,columns], 0 where there is no element. Dtype: as values.
 *
 * @param rows rows of the matrix
 * @param columns its columns
 */
public record CsrToDense(long rows, long columns) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        CsrPlaces.check(name(), rows, inputs[0], inputs[1]);
        CsrPlaces.checkValues(name(), inputs[1], inputs[2]);
        return new Spec[] {new Spec(Shape.of(rows, columns), inputs[2].dtype())};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray column = CsrPlaces.columns(name(), inputs[1], columns);
        NDArray place =
                CsrPlaces.rows(name(), inputs[0], inputs[1]).mul(columns).add(column);
        NDArray zeros = inputs[2].factory().zeros(Shape.of(rows * columns), inputs[2].dtype());
        return new NDArray[] {
            Dispatch.one(new ScatterAdd(0), zeros, place, inputs[2]).reshape(rows, columns)
        };
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        CsrValues values = new CsrValues(rows, columns);
        return new NDArray[] {null, null, Dispatch.one(values, c.input(0), c.input(1), c.outputGradient(0))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
