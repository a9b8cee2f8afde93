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
 * @param inside what else is known of the steps
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
        double lastCheck,
        Inside inside) {

    /**
     * Sums the steps up.
     *
     * @param seconds of the counted steps
     * @param counted checks of the counted steps
     * @param checks of all steps from the very first on
     */
    static Figures of(
            Workload.Case measured,
            Facts facts,
            double[] seconds,
            double[] counted,
            double[] checks,
            double cores,
            Inside inside) {
        double[] values = measured.isAmount()
                ? counted.clone()
                : Arrays.stream(seconds).map(measured::value).toArray();
        Arrays.sort(values);
        return new Figures(
                facts,
                quantile(values, 0.5),
                values[measured.isRate() ? values.length - 1 : 0],
                quantile(values, 0.1),
                quantile(values, 0.9),
                values.length,
                cores,
                checks[0],
                checks[checks.length - 1],
                inside);
    }

    /** Of sorted values, linear between neighbours. */
    static double quantile(double[] sorted, double q) {
        double at = q * (sorted.length - 1);
        int below = (int) Math.floor(at);
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }
}
