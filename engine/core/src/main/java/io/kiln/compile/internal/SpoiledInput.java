package io.kiln.compile.internal;

/**
 * Thrown by a kernel that has written its result over an input and then found that it needs the input once more, as where a NaN was
 * lost on the fast way. The program is then run again with results apart from inputs.
 */
public final class SpoiledInput extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Names what is lost.
     *
     * @param operation the kernel's operator
     * @param input the input that was written over
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
