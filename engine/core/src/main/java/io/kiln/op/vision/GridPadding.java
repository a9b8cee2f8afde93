package io.kiln.op.vision;

/** How {@link GridSample} treats points outside the image. */
public enum GridPadding {
    /** Zeros. */
    ZEROS,
    /** The nearest element of the border. */
    BORDER
}
