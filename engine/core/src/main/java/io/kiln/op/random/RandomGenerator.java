package io.kiln.op.random;

import io.kiln.backend.Context;
import io.kiln.op.internal.Philox;

/**
 * The random number generator of a thread: a seed and the number of draws made so far. Each operator that runs takes
 * one draw; its numbers follow from seed, draw and position alone ({@link Philox}), so they depend neither on the
 * number of threads nor on the schedule.
 *
 * <p>A thread that never called {@link #seed} starts with seed 0.
 *
 * <p>Concurrency: the state is a setting of the calling thread.
 */
public final class RandomGenerator {
    private static final Context.Local<RandomGenerator> CURRENT =
            Context.local(Context.Part.RANDOM, RandomGenerator.class);

    private State state = new State(0, 0);

    private RandomGenerator() {}

    /**
     * The complete state of a generator, for checkpoints.
     *
     * @param seed the key of all numbers
     * @param draws how many draws were made since it was seeded
     */
    public record State(long seed, long draws) {}

    /**
     * Starts the numbers of this thread again.
     *
     * @param seed any number; equal seeds give equal numbers
     */
    public static void seed(long seed) {
        restore(new State(seed, 0));
    }

    /**
     * Takes the next draw. Each random operator calls this once per run.
     *
     * @return seed and number of this draw
     */
    public static State next() {
        RandomGenerator g = CURRENT.get(RandomGenerator::new);
        State draw = g.state;
        g.state = new State(draw.seed(), draw.draws() + 1);
        return draw;
    }

    /**
     * The state of this thread's generator.
     *
     * @return what {@link #restore} takes
     */
    public static State state() {
        return CURRENT.get(RandomGenerator::new).state;
    }

    /**
     * Sets the generator of this thread.
     *
     * @param state a state seen earlier, on any thread
     */
    public static void restore(State state) {
        CURRENT.get(RandomGenerator::new).state = state;
    }
}
