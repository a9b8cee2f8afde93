package io.kiln.compile;

/**
 * How graphs are compiled.
 *
 * @param optimize whether programs are rewritten and fused; false runs the operators as they stand, on planned memory
 */
public record CompileOptions(boolean optimize) {
    /** Everything that makes programs faster or smaller. */
    public CompileOptions() {
        this(true);
    }
}
