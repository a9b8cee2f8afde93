package io.kiln.op;

/**
 * Marks operators that draw random numbers: even without traced inputs they belong in a graph being traced, and no
 * compiler may join two calls or repeat one.
 */
public interface Stochastic extends Operator {
    /**
     * Whether its attributes make it draw.
     *
     * @return true by default
     */
    default boolean draws() {
        return true;
    }
}
