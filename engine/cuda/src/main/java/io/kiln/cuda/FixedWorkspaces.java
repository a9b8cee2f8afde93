package io.kiln.cuda;

import com.sun.jna.Function;

/**
 * cuDNN's recurrent layers multiply by cuBLAS in several streams, which takes turns with its workspaces as chance has it; results may then
 * differ in the last place. With workspaces of one size and number, which it reads from an environment variable, they do not (NVIDIA's
 * release notes of cuDNN 8). A value that the user has set stays.
 */
final class FixedWorkspaces {
    /** The environment variable. */
    static final String VARIABLE = "CUBLAS_WORKSPACE_CONFIG";

    /** Two workspaces of 4096 KiB. */
    private static final String SIZES = ":4096:2";

    private FixedWorkspaces() {}

    /** Sets the variable of this process, before cuBLAS is opened. */
    static void set() {
        if (ConvolutionChoices.isDeterministic()) {
            Function.getFunction("c", "setenv").invokeInt(new Object[] {VARIABLE, SIZES, 0});
        }
    }
}
