package io.kiln.compile;

/**
 * A step of the compiler. It never changes what the program computes: neither its inputs, parameters and outputs nor, beyond
 * rounding, their values.
 */
public interface Pass {
    /**
     * What it is called in dumps.
     *
     * @return the class name with a small first letter
     */
    default String name() {
        String s = getClass().getSimpleName();
        return Character.toLowerCase(s.charAt(0)) + s.substring(1);
    }

    /**
     * Runs the pass.
     *
     * @param program the program as it is
     * @return the program as it is to be; the same when there is nothing to do
     */
    Program run(Program program);
}
