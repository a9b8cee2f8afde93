package io.kiln.cuda;

import com.sun.jna.Function;

/**
 * cuDNN's recurrent layers multiply by cuBLAS in several streams, which takes turns with its workspaces as chance has it; results may then
 * differ in the last place. With workspaces of one size and number, which it reads from an environment variable, they do not (NVIDIA's
 * release notes of cuDNN 8). A value that the user has set stays. cuDNN's handles of cuBLAS are its own: no call reaches their workspaces.
 *
 * <p>POSIX lets no thread read the environment of a process while another changes it, and glibc has guarded readers only since 2.41. Java reads
 * it once, before; NVIDIA's libraries read it in threads of their own, and are therefore loaded afterwards. What remains is native code of
 * others that reads it at this moment: whoever wants to exclude that sets the variable before the process starts.
 */
final class FixedWorkspaces {
    /** The environment variable. */
    static final String VARIABLE = "CUBLAS_WORKSPACE_CONFIG";

    /** Two workspaces of 4096 KiB. */
    private static final String SIZES = ":4096:2";

    private FixedWorkspaces() {}

    /** Sets the variable of this process, before the first of NVIDIA's libraries is loaded; does nothing where it is set. */
    static void set() {
        if (ConvolutionChoices.isDeterministic()) {
            Function.getFunction("c", "setenv").invokeInt(new Object[] {VARIABLE, SIZES, 0});
        }
    }
}
