package io.kiln.benchmarks;

import java.util.Locale;
import java.util.Optional;

/** What a figure shall reach. */
public interface Aim {

    /** Whether the result reaches it; empty when what it compares is missing. */
    Optional<Boolean> isMet(Result result);

    /** The aim as the table states it. */
    String text();

    /** What the result reaches, as the table states it; empty when the figure itself says it. */
    String reached(Result result);

    /** At least so many times the speed of the best peer. */
    static Aim overBest(double ratio) {
        return new Ratio(null, ratio);
    }

    /** At least so many times the speed of that contender. */
    static Aim over(String contender, double ratio) {
        return new Ratio(contender, ratio);
    }

    /** A figure of Kiln's of at most so much. */
    static Aim atMost(double value) {
        return new AtMost(value);
    }

    /**
     * A ratio of speeds.
     *
     * @param contender that Kiln is compared with; null for the best peer
     * @param ratio Kiln's speed over the contender's
     */
    record Ratio(String contender, double ratio) implements Aim {

        /** How many times faster Kiln is, if both figures are there. */
        public Optional<Double> of(Result result) {
            return contender == null ? result.bestPeer().flatMap(result::ratio) : result.ratio(contender);
        }

        @Override
        public Optional<Boolean> isMet(Result result) {
            return of(result).map(r -> r >= ratio);
        }

        @Override
        public String text() {
            return number(ratio) + to();
        }

        @Override
        public String reached(Result result) {
            return of(result).map(r -> String.format(Locale.ROOT, "%.2f", r)).orElse("-") + to();
        }

        private String to() {
            return contender == null ? "" : " to " + contender;
        }
    }

    /**
     * A bound.
     *
     * @param value that Kiln's figure stays below
     */
    record AtMost(double value) implements Aim {

        @Override
        public Optional<Boolean> isMet(Result result) {
            return Optional.ofNullable(result.figures().get(Workload.KILN)).map(f -> f.median() <= value);
        }

        @Override
        public String text() {
            return "≤ " + number(value);
        }

        @Override
        public String reached(Result result) {
            return "";
        }
    }

    private static String number(double value) {
        String text = String.format(Locale.ROOT, "%.2f", value);
        return text.replaceAll("\\.?0+$", "");
    }
}
