package io.kiln.benchmarks;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The table of a page in Markdown: a row for each figure, with the number of the run that it is of, and the runs below it. New
 * results take the places of older ones of the same figures; all others stay as they are.
 */
final class ResultsTable {

    private static final List<String> HEAD = List.of(
            "workload",
            "figure",
            "Kiln",
            "eager",
            "peers",
            "ratio",
            "aim",
            "in oneDNN",
            "of peak",
            "internal MiB",
            "resident MiB",
            "run");
    private static final Pattern RUN = Pattern.compile("\\* run (\\d+): (.*)");

    /** By workload and figure. */
    private final Map<List<String>, List<String>> rows = new LinkedHashMap<>();

    private final Map<Integer, String> runs = new LinkedHashMap<>();

    /** Reads a table that {@link #toString} has written, perhaps one without rows. */
    static ResultsTable parse(String text) {
        ResultsTable table = new ResultsTable();
        boolean begun = false;
        for (String line : text.lines().toList()) {
            Matcher run = RUN.matcher(line);
            if (run.matches()) {
                table.runs.put(Integer.parseInt(run.group(1)), run.group(2));
            } else if (line.equals(line(HEAD))) {
                begun = true;
            } else if (begun && line.startsWith("| ")) {
                table.put(List.of(line.substring(2, line.length() - 1).split(" ?\\| ?", HEAD.size())));
            }
        }
        return table;
    }

    private void put(List<String> cells) {
        List<String> stripped = cells.stream().map(String::strip).toList();
        if (stripped.size() != HEAD.size()) {
            throw new IllegalArgumentException("results: a row needs " + HEAD.size() + " cells, got " + stripped.size()
                    + ": " + line(stripped) + "; mend it, or let the workload run again");
        }
        rows.put(stripped.subList(0, 2), stripped);
    }

    /** Puts results in, of a run that is described in one line. */
    void add(String run, List<Result> results) {
        int number = runs.entrySet().stream()
                .filter(e -> e.getValue().startsWith(run))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseGet(this::free);
        StringBuilder description = new StringBuilder(runs.getOrDefault(number, run));
        for (Result result : results) {
            for (String fault : result.faults()) {
                String told = "; NOT GOOD, " + result.workload().name() + ": " + fault.replaceAll("\\s+", " ");
                description.append(description.indexOf(told) < 0 ? told : "");
            }
        }
        runs.put(number, description.toString());
        results.forEach(result -> put(cells(result, Integer.toString(number))));
        Set<String> used =
                rows.values().stream().map(row -> row.get(HEAD.size() - 1)).collect(Collectors.toSet());
        runs.keySet().removeIf(n -> !used.contains(Integer.toString(n)));
    }

    /** Numbers stay when other runs go, so that rows that stay do not change. */
    private int free() {
        int number = 1;
        while (runs.containsKey(number)) {
            number++;
        }
        return number;
    }

    private static List<String> cells(Result result, String run) {
        Figures kiln = result.figures().get(Workload.KILN);
        Inside inside = kiln == null ? Inside.UNKNOWN : kiln.inside();
        List<String> peers = new ArrayList<>();
        result.figures().forEach((name, f) -> {
            if (!name.equals(Workload.KILN) && !name.equals(Workload.EAGER)) {
                peers.add(name + " " + Report.number(f.median()));
            }
        });
        return List.of(
                result.workload().name(),
                result.measured().metric(),
                figure(result),
                value(result, Workload.EAGER, Figures::median),
                String.join(", ", peers),
                ratio(result),
                result.measured().aims().stream().map(Aim::text).collect(Collectors.joining(", ")),
                percent(inside.oneDnnShare(), ""),
                percent(inside.peakShare(), " of " + Report.number(inside.peakGflops()) + " GFLOP/s"),
                value(result, Workload.KILN, f -> f.inside().internalMiB()),
                resident(result),
                run);
    }

    /** Kiln's figure; bold when it is itself beyond its bound. */
    private static String figure(Result result) {
        String figure = value(result, Workload.KILN, Figures::median);
        boolean misses = result.measured().aims().stream()
                .anyMatch(aim -> aim instanceof Aim.AtMost && !aim.isMet(result).orElse(true));
        return misses ? "**" + figure + "**" : figure;
    }

    private static String ratio(Result result) {
        List<Aim> ratios = result.measured().aims().stream()
                .filter(aim -> !aim.reached(result).isEmpty())
                .toList();
        if (ratios.isEmpty()) {
            return result.bestPeer().flatMap(result::ratio).map(Report::ratio).orElse("");
        }
        return ratios.stream()
                .map(aim -> aim.isMet(result).orElse(true) ? aim.reached(result) : "**" + aim.reached(result) + "**")
                .collect(Collectors.joining(", "));
    }

    private static String resident(Result result) {
        String kiln = value(result, Workload.KILN, f -> f.inside().residentMiB());
        List<String> peers = new ArrayList<>();
        result.figures().forEach((name, f) -> {
            if (!name.equals(Workload.KILN) && !Double.isNaN(f.inside().residentMiB())) {
                peers.add(name + " " + Report.number(f.inside().residentMiB()));
            }
        });
        return kiln.isEmpty() || peers.isEmpty() ? kiln : kiln + "; " + String.join(", ", peers);
    }

    private static String value(Result result, String contender, ToDoubleFunction<Figures> what) {
        Figures figures = result.figures().get(contender);
        return figures == null || Double.isNaN(what.applyAsDouble(figures))
                ? ""
                : Report.number(what.applyAsDouble(figures));
    }

    private static String percent(double share, String unit) {
        return Double.isNaN(share) ? "" : Math.round(100 * share) + " %" + unit;
    }

    private static String line(List<String> cells) {
        return "| " + String.join(" | ", cells) + " |";
    }

    /** Rows in the order of the workloads, what the workloads are, and the runs. */
    @Override
    public String toString() {
        List<Workload> all = Workloads.all();
        List<List<String>> order = all.stream()
                .flatMap(w -> w.cases().stream().map(c -> List.of(w.name(), c.metric())))
                .toList();
        List<List<String>> sorted = new ArrayList<>(rows.values());
        sorted.sort(Comparator.comparingInt(
                row -> order.contains(row.subList(0, 2)) ? order.indexOf(row.subList(0, 2)) : order.size()));
        StringBuilder text = new StringBuilder(line(HEAD)).append("\n|").append("---|".repeat(HEAD.size()));
        sorted.forEach(row -> text.append('\n').append(line(row)));
        Set<String> shown = sorted.stream().map(row -> row.get(0)).collect(Collectors.toCollection(LinkedHashSet::new));
        text.append("\n\n");
        all.stream().filter(w -> shown.contains(w.name())).forEach(w -> text.append("* ")
                .append(w.name())
                .append(": ")
                .append(w.title())
                .append('\n'));
        text.append('\n');
        runs.entrySet().stream().sorted(Map.Entry.comparingByKey()).forEach(e -> text.append("* run ")
                .append(e.getKey())
                .append(": ")
                .append(e.getValue())
                .append('\n'));
        return text.toString();
    }
}
