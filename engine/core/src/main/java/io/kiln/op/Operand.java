package io.kiln.op;

import io.kiln.op.math.CompareScalar;
import io.kiln.op.math.Comparison;

/**
 * What operators apply to: an array or a symbol.
 *
 * @param <T> which of them
 */
public abstract class Operand<T extends Operand<T>> {
    Operand() {}

    /** {@return this} */
    protected abstract T self();

    /**
     * Applies an operator of one input and one output.
     *
     * @param operator the operator
     * @return its output
     */
    protected abstract T apply(Operator operator);

    /**
     * Applies an operator whose first input is this.
     *
     * @param operator the operator
     * @param second its second input
     * @return its output
     */
    protected abstract T apply(Operator operator, T second);

    /**
     * Applies an operator whose first input is this.
     *
     * @param operator the operator
     * @param second its second input
     * @param third its third input
     * @return its output
     */
    protected abstract T apply(Operator operator, T second, T third);

    /**
     * An axis counted from the front, where the rank is known.
     *
     * @param axis the axis; negative ones count from the end
     * @return the axis, as it was given where the rank is not known
     */
    protected abstract int axis(int axis);

    /**
     * Compares each element with a number.
     *
     * @param comparison how
     * @param c the number
     * @return elements of bool
     */
    protected T compare(Comparison comparison, double c) {
        return apply(new CompareScalar(comparison, c));
    }
}
