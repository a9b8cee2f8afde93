package io.kiln.benchmarks;

import java.util.Arrays;

/**
 * What one contender reached in one case.
 *
 * @param facts of the contender
 * @param spread of the counted steps
 * @param samples counted steps
 * @param cores CPU seconds per second while it stepped, of its own process
 * @param checks of its steps
 * @param inside what else is known of the steps
 */
public record Figures(Facts facts, Spread spread, int samples, double cores, Checks checks, Inside inside) {
    /**
     * Values of steps, in the case's unit.
     *
     * @param median of all
     * @param best of all
     * @param low the tenth percentile
     * @param high the ninetieth percentile
     */
    public record Spread(double median, double best, double low, double high) {}

    /**
     * Checks of steps.
     *
     * @param first of the very first step
     * @param last of the very last step
     */
    public record Checks(double first, double last) {}

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
                new Spread(
                        quantile(values, 0.5),
                        values[measured.isRate() ? values.length - 1 : 0],
                        quantile(values, 0.1),
                        quantile(values, 0.9)),
                values.length,
                cores,
                new Checks(checks[0], checks[checks.length - 1]),
                inside);
    }

    /** {@return the median of the counted steps, in the case's unit} */
    public double median() {
        return spread.median();
    }

    /** Of sorted values, linear between neighbours. */
    static double quantile(double[] sorted, double q) {
        double at = q * (sorted.length - 1);
        int below = (int) Math.floor(at);
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }
}
