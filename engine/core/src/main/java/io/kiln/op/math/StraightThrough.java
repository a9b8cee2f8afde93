package io.kiln.op.math;

/** What the gradient of a step function does, whose true gradient is 0 almost everywhere. */
public enum StraightThrough {
    /** It is the true one, 0. */
    NONE,
    /** It passes unchanged, as if the output were the input. */
    IDENTITY,
    /** It passes where |x| &le; 1, and is 0 elsewhere. */
    CLIPPED
}
