package io.kiln.op.index;

/** What an index outside of an axis means. */
public enum IndexMode {
    /** The nearest entry: negative ones the first, those behind the end the last. */
    CLIP,
    /** The entry at the remainder of the division by the size: -1 the last one. */
    WRAP
}
