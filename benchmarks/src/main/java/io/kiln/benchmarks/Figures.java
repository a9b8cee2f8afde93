package io.kiln.benchmarks;

import java.util.Arrays;

/**
 * What one contender reached in one case.
 *
 * @param facts of the contender
 * @param median of all counted steps, in the case's unit
 * @param best step's value
 * @param low the tenth percentile of the steps' values
 * @param high the ninetieth percentile of the steps' values
 * @param samples counted steps
 * @param cores CPU seconds per second while it stepped, of its own process
 * @param firstCheck check of the very first step
 * @param lastCheck check of the very last step
 */
public record Figures(
        Facts facts,
        double median,
        double best,
        double low,
        double high,
        int samples,
        double cores,
        double firstCheck,
        double lastCheck) {

    static Figures of(Workload.Case measured, Facts facts, double[] seconds, double[] checks, double cores) {
        double[] values = Arrays.stream(seconds).map(measured::value).sorted().toArray();
        return new Figures(
                facts,
                quantile(values, 0.5),
                values[measured.isRate() ? values.length - 1 : 0],
                quantile(values, 0.1),
                quantile(values, 0.9),
                values.length,
                cores,
                checks[0],
                checks[checks.length - 1]);
    }

    /** Of sorted values, linear between neighbours. */
    static double quantile(double[] sorted, double q) {
        double at = q * (sorted.length - 1);
        int below = (int) Math.floor(at);
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }
}
