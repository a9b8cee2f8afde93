package io.kiln.benchmarks;

/**
 * How often a workload steps. Contenders take turns: {@code rounds} times each of them takes {@code lead + steps} steps
 * while the others sleep, and the first {@code lead} are not counted.
 *
 * @param warmupSeconds that each contender steps for, alone, before it is measured
 * @param rounds turns of each contender
 * @param lead steps at the begin of a turn that wake threads and caches and are not counted
 * @param steps counted steps of a turn
 */
public record Plan(double warmupSeconds, int rounds, int lead, int steps) {

    /** Refuses a plan that counts nothing. */
    public Plan {
        if (rounds < 1 || steps < 1 || lead < 0 || warmupSeconds < 0) {
            throw new IllegalArgumentException("plan: rounds and steps need at least 1, lead and warm-up at least 0: "
                    + "warmupSeconds=" + warmupSeconds + " rounds=" + rounds + " lead=" + lead + " steps=" + steps);
        }
    }
}
