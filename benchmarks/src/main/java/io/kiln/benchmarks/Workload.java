package io.kiln.benchmarks;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * One thing that Kiln and its peers do side by side.
 *
 * @param name on the command line and in the BENCH lines
 * @param title one line for the table
 * @param cases what is measured, each with its own BENCH line
 * @param contenders by name, Kiln's is {@code kiln}; each is made in its own JVM
 * @param references contenders that are shown and are no peers: Kiln's own technique without Kiln around it
 * @param check what the steps have to show
 * @param plan how often they step
 * @param network whether the steps are a network's, of which memory and share of the machine's speed are told as well
 */
public record Workload(
        String name,
        String title,
        List<Case> cases,
        Map<String, Supplier<Contender>> contenders,
        Set<String> references,
        Check check,
        Plan plan,
        boolean network) {

    /** The contender that all others are compared with. */
    public static final String KILN = "kiln";

    /** The same network by Kiln, operator by operator: a reference beside the compiled one. */
    public static final String EAGER = "kiln-eager";

    /** {@link #KILN} of another build, in the same run: what a change costs or gains. */
    public static final String BEFORE = "kiln-before";

    /** The same with another build of Kiln as a contender. */
    Workload withBefore() {
        Map<String, Supplier<Contender>> all = new LinkedHashMap<>();
        contenders.forEach((contender, made) -> {
            all.put(contender, made);
            if (contender.equals(KILN)) {
                all.put(BEFORE, made);
            }
        });
        return new Workload(name, title, cases, all, references, check, plan, network);
    }

    /** The same with another name. */
    Workload named(String other) {
        return new Workload(other, title, cases, contenders, references, check, plan, network);
    }

    /** The same with no other contenders than these. */
    Workload only(List<String> names) {
        Map<String, Supplier<Contender>> some = new LinkedHashMap<>(contenders);
        some.keySet().retainAll(names);
        return new Workload(name, title, cases, some, references, check, plan, network);
    }

    /**
     * One measured figure.
     *
     * @param name that the contender is called with
     * @param metric name in the BENCH line, with its unit
     * @param perStep what a step does {@code perStep} of; a rate counts it, a duration is divided by it
     * @param scale of a duration: 1e3 for ms; 0 makes the figure a rate per second, NaN the amount that a step returns as its
     *     check
     * @param aims what the figure shall reach
     */
    public record Case(String name, String metric, double perStep, double scale, List<Aim> aims) {

        /** Duration of one step in ms. */
        public static Case milliseconds(String name, String metric) {
            return new Case(name, metric, 1, 1e3, List.of());
        }

        /** Duration in µs of one of the {@code perStep} calls of a step. */
        public static Case microseconds(String name, String metric, int perStep) {
            return new Case(name, metric, perStep, 1e6, List.of());
        }

        /** Duration of one step in seconds. */
        public static Case seconds(String name, String metric) {
            return new Case(name, metric, 1, 1, List.of());
        }

        /** Things per second, of which a step does {@code perStep}. */
        public static Case rate(String name, String metric, double perStep) {
            return new Case(name, metric, perStep, 0, List.of());
        }

        /** What a step returns as its check, less being better. */
        public static Case amount(String name, String metric) {
            return new Case(name, metric, 1, Double.NaN, List.of());
        }

        /** The same with something to reach. */
        public Case aim(Aim... aims) {
            return new Case(name, metric, perStep, scale, List.of(aims));
        }

        /** True when the steps' checks are the figure and their times are not. */
        public boolean isAmount() {
            return Double.isNaN(scale);
        }

        /** True when a bigger value is the better one. */
        public boolean isRate() {
            return scale == 0;
        }

        /** The figure of a step that took {@code seconds}. */
        public double value(double seconds) {
            return isRate() ? perStep / seconds : seconds / perStep * scale;
        }

        /** How many times faster {@code mine} is than {@code theirs}. */
        public double ratio(double mine, double theirs) {
            return isRate() ? mine / theirs : theirs / mine;
        }
    }
}
