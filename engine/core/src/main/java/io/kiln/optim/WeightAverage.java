package io.kiln.optim;

import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.nn.Parameter;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An average of weights, which often predicts better than the weights themselves: a moving one ({@link Settings}), or the
 * mean of those after some updates ({@link Equal}). Running statistics are not averaged.
 *
 * <pre>{@code
 * try (WeightAverage.Swap averaged = trainer.average().swapIn()) {
 *     …evaluate…
 * }
 * }</pre>
 *
 * <p>Concurrency: one thread, that of the trainer.
 */
public final class WeightAverage implements AutoCloseable {
    private static final PointwiseProgram PROGRAM = PointwiseProgram.of(
            Expr.input(0).add(Expr.scalar(0).mul(Expr.input(1).sub(Expr.input(0)))));

    private final Rule rule;
    private final Map<String, NDArray> averages = new LinkedHashMap<>();
    private final Map<String, Parameter> parameters;
    private long updates;
    private boolean swapped;

    /** How weights are averaged. */
    public sealed interface Rule permits Settings, Equal {
        /**
         * Adds the weights after an update to their average.
         *
         * @param number number of the update, from 1; the first one sets the average
         * @param average a, changed in place
         * @param weight w, of the same shape
         */
        void follow(long number, NDArray average, NDArray weight);
    }

    /**
     * A moving average: \(a \leftarrow a + (1 - d_t)(w - a)\) after each update, where a is initially the weights after the
     * first one. With warm-up \(d_t = \min(d, \frac{1 + t}{10 + t})\), as in TensorFlow's ExponentialMovingAverage; without,
     * \(d_t = d\). B. Polyak, A. Juditsky, 1992.
     *
     * @param decay d, in [0, 1)
     * @param warmUp whether the first averages decay faster
     */
    public record Settings(double decay, boolean warmUp) implements Rule {
        /**
         * Checks the settings.
         *
         * @throws IllegalArgumentException if one is out of range
         */
        public Settings {
            Check.fraction("weightAverage", "decay", decay);
        }

        /** Uses the defaults: {@code decay = 0.999, warmUp = true}. */
        public Settings() {
            this(0.999, true);
        }

        @Override
        public void follow(long number, NDArray average, NDArray weight) {
            if (number == 1) {
                average.assign(weight);
                return;
            }
            double d = warmUp ? Math.min(decay, (1.0 + number) / (10.0 + number)) : decay;
            InPlace.run(PROGRAM, new NDArray[] {average, weight}, new NDArray[] {average}, 1 - d);
        }
    }

    /**
     * Stochastic weight averaging: the mean \(a_n = a_{n-1} + (w - a_{n-1}) / n\) of the weights after one update and each
     * interval from there on, such as those at the ends of the last epochs. Before that, the average is the weights.
     * P. Izmailov et al., UAI 2018.
     *
     * @param first number of the first update whose weights count, from 1
     * @param interval updates from one to the next, at least 1
     */
    public record Equal(long first, long interval) implements Rule {
        /**
         * Checks the numbers.
         *
         * @throws IllegalArgumentException if one is below 1
         */
        public Equal {
            Check.positive("weightAverage", "first", first);
            Check.positive("weightAverage", "interval", interval);
        }

        @Override
        public void follow(long number, NDArray average, NDArray weight) {
            long since = number - first;
            if (since <= 0) {
                average.assign(weight);
            } else if (since % interval == 0) {
                InPlace.run(
                        PROGRAM,
                        new NDArray[] {average, weight},
                        new NDArray[] {average},
                        1.0 / (since / interval + 1));
            }
        }
    }

    WeightAverage(Rule rule, Map<String, Parameter> parameters) {
        this.rule = rule;
        this.parameters = parameters;
    }

    /** Restores the weights when it is closed. */
    public final class Swap implements AutoCloseable {
        private final Map<String, NDArray> weights = new LinkedHashMap<>();

        private Swap() {
            try (Scope scope = Scope.open()) {
                averages.forEach((name, average) -> {
                    NDArray weight = parameters.get(name).value();
                    weights.put(name, scope.keep(weight.copy()).detach());
                    weight.assign(average);
                });
            }
            swapped = true;
        }

        @Override
        public void close() {
            weights.forEach((name, weight) -> {
                parameters.get(name).value().assign(weight);
                weight.close();
            });
            weights.clear();
            swapped = false;
        }
    }

    /**
     * Temporarily sets the parameters to their averages. Parameters that were never updated keep their values.
     *
     * @return restores the weights when closed
     * @throws IllegalStateException if the averages are already swapped in
     */
    public Swap swapIn() {
        if (swapped) {
            throw new IllegalStateException(
                    "weightAverage: the averages are swapped in already; close that swap first");
        }
        return new Swap();
    }

    /** Adds the weights after an update. */
    void update(Iterable<String> updated) {
        checkOut();
        updates++;
        for (String name : updated) {
            NDArray weight = parameters.get(name).value();
            NDArray average = averages.get(name);
            if (average == null) {
                try (Scope scope = Scope.open()) {
                    averages.put(name, scope.keep(weight.copy()).detach());
                }
            } else {
                rule.follow(updates, average, weight);
            }
        }
    }

    /** Rejects training while the averages are swapped in. */
    void checkOut() {
        if (swapped) {
            throw new IllegalStateException(
                    "trainer: the averaged weights are swapped in; close the swap before the next step");
        }
    }

    long updates() {
        return updates;
    }

    /** The averages by the names of their parameters. */
    Map<String, NDArray> averages() {
        return averages;
    }

    /** Takes ownership of detached arrays. */
    void restore(long newUpdates, Map<String, NDArray> saved) {
        checkOut();
        close();
        updates = newUpdates;
        averages.putAll(saved);
    }

    /** Frees the averages. */
    @Override
    public void close() {
        averages.values().forEach(NDArray::close);
        averages.clear();
    }
}
