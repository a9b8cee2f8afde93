package io.kiln.optim;

/**
 * How much of a parameter one update of an {@link Optimizer} must access; determines how a KVStore may split
 * parameters.
 */
public enum Reach {
    /** Single elements: any slice is updated as in the whole parameter. */
    ELEMENTS,
    /** The whole parameter, in any shape. */
    PARAMETER,
    /** The whole parameter in its own shape. */
    SHAPE
}
