package io.kiln.benchmarks;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The outcome of one case of one workload.
 *
 * @param workload that ran
 * @param measured the case
 * @param figures by contender, of those that finished
 * @param faults what makes the figures worthless or incomplete, empty when all is well
 */
public record Result(Workload workload, Workload.Case measured, Map<String, Figures> figures, List<String> faults) {

    /** The same with another name of the workload. */
    Result named(String name) {
        return new Result(workload.named(name), measured, figures, faults);
    }

    /** The fastest contender that is neither Kiln nor a mere reference. */
    public Optional<String> bestPeer() {
        Comparator<Map.Entry<String, Figures>> byMedian =
                Comparator.comparingDouble(e -> e.getValue().median());
        return figures.entrySet().stream()
                .filter(e -> isPeer(e.getKey()))
                .min(measured.isRate() ? byMedian.reversed() : byMedian)
                .map(Map.Entry::getKey);
    }

    /** True for a contender that is neither Kiln nor a mere reference. */
    boolean isPeer(String contender) {
        return !contender.equals(Workload.KILN) && !workload.references().contains(contender);
    }

    /** How many times faster Kiln is than that contender. */
    public Optional<Double> ratio(String peer) {
        Figures kiln = figures.get(Workload.KILN);
        Figures other = figures.get(peer);
        return kiln == null || other == null
                ? Optional.empty()
                : Optional.of(measured.ratio(kiln.median(), other.median()));
    }
}
