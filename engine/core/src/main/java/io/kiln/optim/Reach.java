package io.kiln.optim;

/** How much of a parameter one update of an {@link Optimizer} has to see; decides on how a KVStore may cut parameters. */
public enum Reach {
    /** Single elements: any slice is updated as the whole would be. */
    ELEMENTS,
    /** The whole parameter, in any shape. */
    PARAMETER,
    /** The whole parameter in its own shape. */
    SHAPE
}
