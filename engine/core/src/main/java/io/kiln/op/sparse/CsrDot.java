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
import io.kiln.op.index.SegmentSum;

/**
 * Product of a CSR matrix A, or of its transpose, with a dense matrix: y = A b, or y = Aᵀ b. Inputs: indptr[rows+1],
 * indices[n] (int32 or int64), values[n], b[columns,k], or b[rows,k] for the transpose. Shapes: y[rows,k], or
 * y[columns,k]. Dtype: the promoted one of values and b, floating. Gradients flow to values and b.
 *
 * @param rows rows of A
 * @param columns columns of A
 * @param transposed whether Aᵀ is multiplied
 */
public record CsrDot(long rows, long columns, boolean transposed) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        CsrPlaces.check(name(), rows, inputs[0], inputs[1]);
        CsrPlaces.checkValues(name(), inputs[1], inputs[2]);
        Shape b = inputs[3].shape();
        long inner = transposed ? rows : columns;
        DType type = inputs[2].dtype().promote(inputs[3].dtype());
        if (b.rank() != 2 || !Shape.of(inner).accepts(b.without(1)) || !type.isFloating()) {
            throw new ShapeException(
                    "csrDot: a matrix [" + rows + "," + columns + "]" + (transposed ? ", transposed," : "")
                            + " needs floating b[" + inner + ",*], got b " + inputs[3] + " and values " + inputs[2]);
        }
        return new Spec[] {new Spec(b.with(0, transposed ? columns : rows), type)};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        DType type = inputs[2].dtype().promote(inputs[3].dtype());
        NDArray row = CsrPlaces.rows(name(), inputs[0], inputs[1]);
        NDArray column = CsrPlaces.columns(name(), inputs[1], columns);
        NDArray from = transposed ? row : column;
        NDArray to = transposed ? column : row;
        NDArray parts = Dispatch.one(new Gather(0), inputs[3], from)
                .mul(inputs[2].expandDims(1))
                .cast(type);
        return new NDArray[] {Dispatch.one(new SegmentSum(transposed ? columns : rows), parts, to)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        NDArray b = c.input(3);
        NDArray dvalues = null;
        NDArray db = null;
        if (c.needs(2)) {
            CsrSampledDot sampled = new CsrSampledDot(rows, columns);
            dvalues = Dispatch.one(sampled, c.input(0), c.input(1), transposed ? b : dy, transposed ? dy : b);
        }
        if (c.needs(3)) {
            CsrDot back = new CsrDot(rows, columns, !transposed);
            db = Dispatch.one(back, c.input(0), c.input(1), c.input(2), dy);
        }
        return new NDArray[] {null, null, dvalues, db};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 2 * inputs[1].shape().size() * inputs[3].shape().dim(1);
    }
}
