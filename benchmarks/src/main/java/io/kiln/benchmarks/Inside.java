package io.kiln.benchmarks;

import java.util.Map;
import java.util.Optional;

/**
 * What is known of a contender's steps beside their times; NaN for what is not.
 *
 * @param residentMiB growth of the resident memory of the contender's process, from the loaded engine to the peak of the steps
 * @param internalMiB the most memory that a step has at a time for the values that it computes on the way
 * @param gflop floating-point operations of a step, in 10⁹
 * @param peakGflops what a large float32 product reaches in the same process, in 10⁹ operations per second
 * @param oneDnnShare part of a step's time that oneDNN says it took
 * @param peakShare part of that product's speed that the steps reach
 */
public record Inside(
        double residentMiB, double internalMiB, double gflop, double peakGflops, double oneDnnShare, double peakShare) {

    /** The metric of {@link #residentMiB}, the only one by which peers are compared as well. */
    static final String RESIDENT = "resident_MiB";

    /** Nothing is known. */
    static final Inside UNKNOWN = new Inside(Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN);

    /**
     * Relates what the processes said to the time of a step.
     *
     * @param residentMiB growth of the process, NaN if unknown
     * @param insight what the contender said of itself, if it did
     * @param oneDnnShare part of profiled steps' time that oneDNN says it took, NaN if unknown
     * @param stepSeconds median of the timed steps
     */
    static Inside of(double residentMiB, Optional<Insight> insight, double oneDnnShare, double stepSeconds) {
        return new Inside(
                residentMiB,
                insight.map(Insight::internalMiB).orElse(Double.NaN),
                insight.map(Insight::gflop).orElse(Double.NaN),
                insight.map(Insight::peakGflops).orElse(Double.NaN),
                oneDnnShare,
                insight.map(i -> i.gflop() / stepSeconds / i.peakGflops()).orElse(Double.NaN));
    }

    /** All of it by metric, as the BENCH lines name it. */
    Map<String, Double> metrics() {
        return Map.of(
                "onednn_share",
                oneDnnShare,
                "peak_share",
                peakShare,
                "step_GFLOP",
                gflop,
                "peak_GFLOPs",
                peakGflops,
                "internal_MiB",
                internalMiB,
                RESIDENT,
                residentMiB);
    }
}
