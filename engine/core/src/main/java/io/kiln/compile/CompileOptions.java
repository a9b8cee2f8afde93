package io.kiln.compile;

/**
 * How graphs are compiled.
 *
 * @param optimize whether programs are rewritten and fused; false runs the operators as they stand, on planned memory
 * @param memoryBudget the most bytes that the values inside one call may take ({@link Executable#arenaBytes()}): above it a
 *     program with gradients computes values of the forward pass a second time for its backward pass instead of keeping them,
 *     as few as will do (MXNet's mirroring). The gradients keep their bits. {@link #UNBOUNDED} keeps everything. A program that
 *     cannot meet its budget is refused with the least that it needs
 */
public record CompileOptions(boolean optimize, long memoryBudget) {
    /** No bound on memory. */
    public static final long UNBOUNDED = Long.MAX_VALUE;

    /**
     * Checks the budget.
     *
     * @throws IllegalArgumentException when it is not positive
     */
    public CompileOptions {
        if (memoryBudget <= 0) {
            throw new IllegalArgumentException("compile: memoryBudget: expected a positive number of bytes, got "
                    + memoryBudget + "; CompileOptions.UNBOUNDED sets no bound");
        }
    }

    /** Everything that makes programs faster or smaller, without a bound on memory. */
    public CompileOptions() {
        this(true);
    }

    /**
     * Options without a bound on memory.
     *
     * @param optimize whether programs are rewritten and fused
     */
    public CompileOptions(boolean optimize) {
        this(optimize, UNBOUNDED);
    }

    /**
     * The same with a bound on memory.
     *
     * @param bytes the most bytes that the values inside one call may take
     * @return the options
     */
    public CompileOptions withMemoryBudget(long bytes) {
        return new CompileOptions(optimize, bytes);
    }
}
