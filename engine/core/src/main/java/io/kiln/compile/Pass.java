package io.kiln.compile;

/**
 * A step of the compiler. It never changes what the program computes: neither its inputs, parameters and outputs nor,
 * beyond rounding, their values.
 */
public interface Pass {
    /**
     * Its name in dumps.
     *
     * @return the class name with a lower-case first letter
     */
    default String name() {
        String s = getClass().getSimpleName();
        return Character.toLowerCase(s.charAt(0)) + s.substring(1);
    }

    /**
     * Runs the pass.
     *
     * @param program the program
     * @return the new program; the same if there is nothing to do
     */
    Program run(Program program);
}
