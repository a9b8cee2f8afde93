package io.kiln.spark.job;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The means of running statistics over epochs, which take their place together with the averages of weights, as
 * PyTorch's {@code AveragedModel(use_buffers=True)} does it.
 */
final class AveragedStatistics implements AutoCloseable {
    private static final String MEAN_OF = "mean of ";

    private final Map<String, NDArray> statistics;
    private final Map<String, NDArray> means = new LinkedHashMap<>();

    AveragedStatistics(Map<String, NDArray> statistics) {
        this.statistics = statistics;
    }

    /**
     * Adds the statistics at the end of an epoch to their means.
     *
     * @param number number of the epoch among those that are averaged; 1 begins anew
     */
    void add(int number) {
        try (Scope scope = Scope.open()) {
            statistics.forEach((name, s) -> {
                NDArray mean = means.get(name);
                if (mean == null) {
                    means.put(name, s.copy().detach());
                } else if (number == 1) {
                    mean.assign(s);
                } else {
                    mean.assign(mean.add(s.sub(mean).div(number)));
                }
            });
        }
    }

    /** Exchanges the statistics and their means, if there are any. */
    void swap() {
        try (Scope scope = Scope.open()) {
            means.forEach((name, mean) -> {
                NDArray s = statistics.get(name);
                NDArray kept = s.copy();
                s.assign(mean);
                mean.assign(kept);
            });
        }
    }

    /** Statistics and means by name, for {@link #restore}. */
    Map<String, NDArray> all() {
        Map<String, NDArray> all = new LinkedHashMap<>(statistics);
        means.forEach((name, mean) -> all.put(MEAN_OF + name, mean));
        return all;
    }

    /** Restores what {@link #all} returned. */
    void restore(Map<String, NDArray> saved) {
        saved.forEach((name, value) -> {
            NDArray s = statistics.get(name);
            if (s != null) {
                s.assign(value);
            } else {
                means.computeIfAbsent(name.substring(MEAN_OF.length()), n -> value.copy()
                                .detach())
                        .assign(value);
            }
        });
    }

    @Override
    public void close() {
        means.values().forEach(NDArray::close);
    }
}
