package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.RowSparse;
import io.kiln.ndarray.Shape;

/**
 * An operator that looks up rows of its first input: the gradient with respect to it has few rows other than 0. A backward
 * pass asks for it in this form when the input is a variable with a row-sparse gradient.
 */
public interface RowGradient extends Operator {
    /**
     * The gradient with respect to the first input.
     *
     * @param context inputs, outputs and output gradients
     * @return the rows that may differ from 0; null where they are not few, and {@link #gradient} is asked
     */
    RowSparse rowGradient(GradientContext context);

    /**
     * Whether the gradient with respect to the first input consists of {@link #lookedUpRows}, row by row under the
     * numbers that the second input holds.
     *
     * @param table shape of the first input
     * @return true if whole rows of it are looked up
     */
    boolean looksUpRows(Shape table);

    /**
     * The gradients of the rows that are looked up.
     *
     * @param context inputs and output gradients
     * @return one row for each number in the second input: by default, the output's gradient
     */
    default NDArray lookedUpRows(GradientContext context) {
        return context.outputGradient(0);
    }
}
