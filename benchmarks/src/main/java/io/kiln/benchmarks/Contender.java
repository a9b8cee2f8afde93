package io.kiln.benchmarks;

import java.io.IOException;
import java.util.Optional;

/**
 * One engine's way to do one workload, as fast as that engine's own idiom allows.
 *
 * <p>Life: {@link #load} and {@link #setup} once, then {@link #run} any number of times, then {@link #close}. All calls come from one
 * thread of a JVM that the contender shares with no other engine.
 */
public interface Contender extends AutoCloseable {

    /** Loads the engine and makes nothing yet: what comes after it is the network's own memory. */
    default void load(Setup setup) throws Exception {}

    /** Builds everything that the steps need. */
    Facts setup(Setup setup) throws Exception;

    /** Takes {@code steps} steps of the case. A step that takes longer than it works cheats: wait for its last work. */
    default Block run(String caseName, int steps) throws Exception {
        return Block.of(steps, () -> step(caseName));
    }

    /** One step, complete with all its work; returns its check. */
    double step(String caseName) throws Exception;

    /** Looks into steps of the case, after all timed ones; empty when the contender knows nothing of its inside. */
    default Optional<Insight> insight(String caseName) throws Exception {
        return Optional.empty();
    }

    /** Lets oneDNN print what each of its calls takes, or not any more; false when the contender cannot. */
    default boolean profile(boolean on) {
        return false;
    }

    @Override
    void close() throws IOException;
}
