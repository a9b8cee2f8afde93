package io.kiln.compile.internal;

/**
 * Thrown by a kernel that has overwritten an input with its result and then found that it needs the input again, for
 * example because the fast path has lost a NaN. The program is then run again with results separate from inputs.
 */
public final class SpoiledInput extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Names the lost input.
     *
     * @param operation the kernel's operator
     * @param input the overwritten input
     */
    public SpoiledInput(String operation, String input) {
        super(
                operation + ": the " + input
                        + " that the result was written over is needed again; expected the compiled"
                        + " program to compute anew",
                null,
                false,
                false);
    }
}
