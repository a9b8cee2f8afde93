package io.kiln.op.shape;

/** The content of the border that {@link Pad} adds. */
public enum PadMode {
    /** One number. */
    CONSTANT,
    /** The element at the edge. */
    EDGE,
    /** The elements inside, mirrored at the edge without repeating it. */
    REFLECT
}
