package io.kiln.op.vision;

/** What {@link GridSample} sees outside of the image. */
public enum GridPadding {
    /** Zeros. */
    ZEROS,
    /** The nearest element of the border. */
    BORDER
}
