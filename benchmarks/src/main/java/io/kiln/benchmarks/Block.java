package io.kiln.benchmarks;

import java.util.Arrays;

/**
 * The steps that a contender took at one go.
 *
 * @param seconds of each step, from its begin until all its work was done
 * @param checks one number per step that shows that the step did its work: a loss, a sum, an accuracy
 */
public record Block(double[] seconds, double[] checks) {

    /** A block needs one check for each of its steps. */
    public Block {
        if (seconds.length != checks.length) {
            throw new IllegalArgumentException(
                    "block: " + seconds.length + " steps need as many checks, got " + checks.length);
        }
    }

    /** Times {@code steps} calls of {@code step}. */
    static Block of(int steps, Step step) throws Exception {
        double[] seconds = new double[steps];
        double[] checks = new double[steps];
        for (int i = 0; i < steps; i++) {
            long begin = System.nanoTime();
            checks[i] = step.run();
            seconds[i] = (System.nanoTime() - begin) * 1e-9;
        }
        return new Block(seconds, checks);
    }

    /** Without the first {@code lead} steps. */
    Block drop(int lead) {
        return new Block(
                Arrays.copyOfRange(seconds, lead, seconds.length), Arrays.copyOfRange(checks, lead, checks.length));
    }

    /** One step of a contender; returns its check. */
    interface Step {
        double run() throws Exception;
    }
}
