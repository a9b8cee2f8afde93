package io.kiln.op.index;

/** How indices out of range are handled. */
public enum IndexMode {
    /** Takes the nearest entry: the first for negative indices, the last for those past the end. */
    CLIP,
    /** Takes the index modulo the size: -1 is the last entry. */
    WRAP
}
