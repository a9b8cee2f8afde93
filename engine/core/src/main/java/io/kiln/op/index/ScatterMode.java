package io.kiln.op.index;

/** How a scattered update is combined with the element. */
public enum ScatterMode {
    /** The update replaces the element; of several, the last one. */
    SET,
    /** The sum of both. */
    ADD,
    /** The product of both. */
    MUL,
    /** The smaller of both, NaN if one is. */
    MIN,
    /** The larger of both, NaN if one is. */
    MAX
}
