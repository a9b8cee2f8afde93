package io.kiln.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Runs a workload: starts a JVM for each contender, warms each one up, lets them take turns (never two at a time), and
 * judges what came out.
 */
final class Bench {

    private final Setup setup;
    private final Consumer<String> progress;

    Bench(Setup setup, Consumer<String> progress) {
        this.setup = setup;
        this.progress = progress;
    }

    /** The steps of one contender in one case. */
    private static final class Tally {
        private final List<Double> seconds = new ArrayList<>();
        private final List<Double> counted = new ArrayList<>();
        private final List<Double> checks = new ArrayList<>();
        private final List<Double> cores = new ArrayList<>();

        private void count(Block block) {
            for (double s : block.seconds()) {
                seconds.add(s);
            }
            for (double c : block.checks()) {
                counted.add(c);
            }
        }

        private void check(Block block) {
            for (double c : block.checks()) {
                checks.add(c);
            }
        }

        private double[] seconds() {
            return array(seconds);
        }

        private double[] counted() {
            return array(counted);
        }

        private double median() {
            return Figures.quantile(
                    seconds.stream().mapToDouble(Double::doubleValue).sorted().toArray(), 0.5);
        }

        private double cores() {
            return cores.stream().mapToDouble(Double::doubleValue).average().orElse(0);
        }

        private double[] checks() {
            return array(checks);
        }

        private static double[] array(List<Double> list) {
            return list.stream().mapToDouble(Double::doubleValue).toArray();
        }
    }

    List<Result> run(Workload workload, Plan plan) throws InterruptedException, IOException {
        List<String> faults = new ArrayList<>();
        Map<String, ContenderProcess> running = new LinkedHashMap<>();
        try {
            for (String name : workload.contenders().keySet()) {
                progress.accept(workload.name() + ": starting " + name);
                attempt(name, running, faults, () -> running.put(name, new ContenderProcess(workload, name, setup)));
            }
            sameSize(running, faults);
            List<Result> results = new ArrayList<>();
            for (Workload.Case measured : workload.cases()) {
                results.add(run(workload, measured, plan, running, faults));
            }
            return results;
        } finally {
            for (ContenderProcess process : running.values()) {
                process.close();
            }
        }
    }

    private static void sameSize(Map<String, ContenderProcess> running, List<String> faults) {
        long sizes = running.values().stream()
                .mapToLong(p -> p.facts().parameters())
                .distinct()
                .count();
        if (sizes > 1) {
            StringBuilder fault = new StringBuilder("parameter counts differ:");
            running.forEach((name, p) ->
                    fault.append(' ').append(name).append('=').append(p.facts().parameters()));
            faults.add(fault.toString());
        }
    }

    private Result run(
            Workload workload,
            Workload.Case measured,
            Plan plan,
            Map<String, ContenderProcess> running,
            List<String> faults)
            throws InterruptedException, IOException {
        Map<String, Tally> tallies = new LinkedHashMap<>();
        for (String name : List.copyOf(running.keySet())) {
            progress.accept(workload.name() + " " + measured.metric() + ": warming up " + name);
            tallies.put(name, new Tally());
            attempt(name, running, faults, () -> warmUp(running.get(name), measured, plan, tallies.get(name)));
        }
        for (int round = 0; round < plan.rounds(); round++) {
            for (String name : turns(running.keySet(), round)) {
                progress.accept(String.format(
                        Locale.ROOT,
                        "%s %s: round %d of %d, %s",
                        workload.name(),
                        measured.metric(),
                        round + 1,
                        plan.rounds(),
                        name));
                attempt(name, running, faults, () -> takeTurn(running.get(name), measured, plan, tallies.get(name)));
            }
        }
        Map<String, Inside> insides = new LinkedHashMap<>();
        for (String name : workload.network() ? List.copyOf(running.keySet()) : List.<String>of()) {
            progress.accept(workload.name() + " " + measured.metric() + ": looking into " + name);
            double median = tallies.get(name).median();
            attempt(
                    name,
                    running,
                    faults,
                    () -> insides.put(
                            name, running.get(name).inside(measured.name(), plan.lead() + plan.steps(), median)));
        }
        tallies.keySet().retainAll(running.keySet());
        Map<String, double[]> checks = new LinkedHashMap<>();
        Map<String, Figures> figures = new LinkedHashMap<>();
        tallies.forEach((name, tally) -> {
            Facts facts = running.get(name).facts();
            checks.put(name, tally.checks());
            Inside inside = insides.getOrDefault(name, Inside.UNKNOWN);
            figures.put(
                    name,
                    Figures.of(
                            measured, facts, tally.seconds(), tally.counted(), tally.checks(), tally.cores(), inside));
        });
        List<String> all = new ArrayList<>(faults);
        all.addAll(workload.check().faults(checks));
        return new Result(workload, measured, figures, all);
    }

    private static void warmUp(ContenderProcess process, Workload.Case measured, Plan plan, Tally tally)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + (long) (plan.warmupSeconds() * 1e9);
        while (System.nanoTime() < end) {
            tally.check(process.run(measured.name(), plan.lead() + plan.steps()));
        }
    }

    private static void takeTurn(ContenderProcess process, Workload.Case measured, Plan plan, Tally tally)
            throws IOException, InterruptedException {
        Thread.sleep(ContenderProcess.SETTLE.toMillis());
        Block block = process.run(measured.name(), plan.lead() + plan.steps());
        tally.cores.add(process.cores());
        tally.check(block);
        tally.count(block.drop(plan.lead()));
    }

    /** Whoever comes first in one round comes last in the next. */
    private static List<String> turns(Collection<String> names, int round) {
        List<String> turns = new ArrayList<>(names);
        Collections.rotate(turns, -round);
        return turns;
    }

    private interface Attempt {
        void run() throws IOException, InterruptedException;
    }

    /** A contender that fails leaves the race; the others go on. */
    private void attempt(String name, Map<String, ContenderProcess> running, List<String> faults, Attempt what)
            throws InterruptedException, IOException {
        try {
            what.run();
        } catch (IOException e) {
            progress.accept("failed: " + e.getMessage());
            faults.add(e.getMessage());
            ContenderProcess failed = running.remove(name);
            if (failed != null) {
                failed.close();
            }
        }
    }
}
