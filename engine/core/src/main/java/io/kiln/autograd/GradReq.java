package io.kiln.autograd;

/** What a backward pass does with a variable's gradient. */
public enum GradReq {
    /** Nothing: no gradient is computed. */
    NULL,
    /** Replaces the last gradient. */
    WRITE,
    /** Adds to the last gradient. */
    ADD
}
