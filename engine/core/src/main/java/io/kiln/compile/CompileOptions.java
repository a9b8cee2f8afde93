package io.kiln.compile;

/**
 * How graphs are compiled.
 *
 * @param optimize whether programs are rewritten and fused; false runs the operators unchanged, on planned memory
 * @param memoryBudget maximum bytes of the values inside one call ({@link Executable#arenaBytes()}): beyond it a
 *     program with gradients recomputes values of the forward pass for its backward pass instead of keeping them, as
 *     few as necessary (MXNet's mirroring). The gradients have the same bits. {@link #UNBOUNDED} keeps everything. A
 *     program that cannot meet its budget is rejected with the minimum that it needs
 * @param programs number of programs that a block or step keeps, each for other input shapes; beyond it, the least
 *     recently used one is dropped
 */
public record CompileOptions(boolean optimize, long memoryBudget, int programs) {
    /** The default number of programs kept. */
    public static final int PROGRAMS = 64;

    /** No bound on memory. */
    public static final long UNBOUNDED = Long.MAX_VALUE;

    /**
     * Checks the bounds.
     *
     * @throws IllegalArgumentException if one is not positive
     */
    public CompileOptions {
        if (memoryBudget <= 0) {
            throw new IllegalArgumentException("compile: memoryBudget: expected a positive number of bytes, got "
                    + memoryBudget + "; CompileOptions.UNBOUNDED sets no bound");
        }
        if (programs < 1) {
            throw new IllegalArgumentException("compile: programs: expected at least 1, got " + programs);
        }
    }

    /** Enables all optimizations, without a bound on memory. */
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
     * Options with the default number of programs.
     *
     * @param optimize whether programs are rewritten and fused
     * @param memoryBudget maximum bytes of the values inside one call
     */
    public CompileOptions(boolean optimize, long memoryBudget) {
        this(optimize, memoryBudget, PROGRAMS);
    }

    /**
     * Returns these options with another number of programs kept.
     *
     * @param number the number, at least 1
     * @return the options
     */
    public CompileOptions withPrograms(int number) {
        return new CompileOptions(optimize, memoryBudget, number);
    }

    /**
     * Returns these options with a bound on memory.
     *
     * @param bytes maximum bytes of the values inside one call
     * @return the options
     */
    public CompileOptions withMemoryBudget(long bytes) {
        return new CompileOptions(optimize, bytes, programs);
    }
}
