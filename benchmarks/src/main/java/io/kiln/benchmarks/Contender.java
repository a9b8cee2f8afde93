package io.kiln.benchmarks;

import java.io.IOException;

/**
 * One engine's way to do one workload, as fast as that engine's own idiom allows.
 *
 * <p>Life: {@link #setup} once, then {@link #run} any number of times, then {@link #close}. All calls come from one
 * thread of a JVM that the contender shares with no other engine.
 */
public interface Contender extends AutoCloseable {

    /** Builds everything that the steps need. */
    Facts setup(Setup setup) throws Exception;

    /** Takes {@code steps} steps of the case. A step that takes longer than it works cheats: wait for its last work. */
    default Block run(String caseName, int steps) throws Exception {
        return Block.of(steps, () -> step(caseName));
    }

    /** One step, complete with all its work; returns its check. */
    double step(String caseName) throws Exception;

    @Override
    void close() throws IOException;
}
