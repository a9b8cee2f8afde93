package io.kiln.op.index;

/** What becomes of an element to which an update is scattered. */
public enum ScatterMode {
    /** The update takes its place; of several the last one. */
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
