package io.kiln.compile;

/**
 * How graphs are compiled.
 *
 * @param optimize whether programs are rewritten and fused; false runs the operators as they stand, on planned memory
 * @param memoryBudget the most bytes that the values inside one call may take ({@link Executable#arenaBytes()}): above it a
 *     program with gradients computes values of the forward pass a second time for its backward pass instead of keeping them,
 *     as few as will do (MXNet's mirroring). The gradients keep their bits. {@link #UNBOUNDED} keeps everything. A program that
 *     cannot meet its budget is refused with the least that it needs
 * @param programs how many programs a block or step keeps, each for other shapes of its inputs; beyond, the one used longest ago
 *     goes
 */
public record CompileOptions(boolean optimize, long memoryBudget, int programs) {
    /** How many programs are kept by default. */
    public static final int PROGRAMS = 64;

    /** No bound on memory. */
    public static final long UNBOUNDED = Long.MAX_VALUE;

    /**
     * Checks the bounds.
     *
     * @throws IllegalArgumentException when one is not positive
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
     * Options that keep the customary number of programs.
     *
     * @param optimize whether programs are rewritten and fused
     * @param memoryBudget the most bytes that the values inside one call may take
     */
    public CompileOptions(boolean optimize, long memoryBudget) {
        this(optimize, memoryBudget, PROGRAMS);
    }

    /**
     * The same with another number of programs kept.
     *
     * @param number how many, at least 1
     * @return the options
     */
    public CompileOptions withPrograms(int number) {
        return new CompileOptions(optimize, memoryBudget, number);
    }

    /**
     * The same with a bound on memory.
     *
     * @param bytes the most bytes that the values inside one call may take
     * @return the options
     */
    public CompileOptions withMemoryBudget(long bytes) {
        return new CompileOptions(optimize, bytes, programs);
    }
}
