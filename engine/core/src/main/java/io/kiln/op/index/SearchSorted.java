package io.kiln.op.index;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;

/**
 * Positions at which to insert values into an ascending row so that it stays sorted: the number of its elements below
 * the value, or, from the right, up to the value itself. Inputs: row[…,n], value[…,m]; the leading axes are equal, or
 * row has one axis only. NaN counts as the largest. Shapes: y as value. Dtype: int64. Unsorted rows give an unspecified
 * position. No gradient flows.
 *
 * @param right whether the place behind equal elements is meant, instead of the one before them
 */
public record SearchSorted(boolean right) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape row = inputs[0].shape();
        Shape value = inputs[1].shape();
        boolean fits = row.rank() == 1
                || row.rank() > 1
                        && value.rank() == row.rank()
                        && row.without(-1).accepts(value.without(-1));
        if (!fits) {
            throw new ShapeException(
                    "searchSorted: needs row[n], or row[…,n] and value[…,m] with equal axes in front, got row" + row
                            + " and value" + value);
        }
        return new Spec[] {new Spec(value, DType.INT64)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[2];
    }
}
