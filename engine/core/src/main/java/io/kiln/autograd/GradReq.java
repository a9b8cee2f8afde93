package io.kiln.autograd;

/** How a backward pass stores a variable's gradient. */
public enum GradReq {
    /** No gradient is computed. */
    NULL,
    /** Replaces the last gradient. */
    WRITE,
    /** Adds to the last gradient. */
    ADD
}
