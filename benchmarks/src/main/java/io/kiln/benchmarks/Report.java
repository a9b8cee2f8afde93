package io.kiln.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Writes results for people (tables) and for programs (BENCH lines). */
final class Report {

    private Report() {}

    /** {@code BENCH <workload> <metric> kiln=<v> <peer>=<v> … ratio=<kiln over best peer>}; "-" for what is missing. */
    static String line(Result result) {
        StringBuilder line = new StringBuilder("BENCH ")
                .append(result.workload().name())
                .append(' ')
                .append(result.measured().metric());
        if (!result.workload().contenders().containsKey(Workload.KILN)) {
            line.append(" kiln=-");
        }
        for (String name : result.workload().contenders().keySet()) {
            Figures figures = result.figures().get(name);
            line.append(' ').append(name).append('=').append(figures == null ? "-" : number(figures.median()));
        }
        String ratio =
                result.bestPeer().flatMap(result::ratio).map(Report::ratio).orElse("-");
        return line.append(" ratio=").append(ratio).toString();
    }

    /** {@link #line}, and lines of the same form for what else is known: ratios to single contenders, and the inside of the steps. */
    static List<String> lines(Result result) {
        List<String> lines = new ArrayList<>(List.of(line(result)));
        String head = "BENCH " + result.workload().name() + ' ';
        for (Aim aim : result.measured().aims()) {
            if (aim instanceof Aim.Ratio r && r.contender() != null) {
                Map<String, Double> two = new LinkedHashMap<>();
                for (String name : List.of(Workload.KILN, r.contender())) {
                    Figures f = result.figures().get(name);
                    two.put(name, f == null ? Double.NaN : f.median());
                }
                lines.add(head + result.measured().metric() + "_to_" + r.contender() + values(two) + " ratio="
                        + r.of(result).map(Report::ratio).orElse("-"));
            }
        }
        Map<String, Map<String, Double>> metrics = new TreeMap<>();
        result.figures().forEach((name, f) -> f.inside().metrics().forEach((metric, value) -> {
            if (!Double.isNaN(value)) {
                metrics.computeIfAbsent(metric, m -> new LinkedHashMap<>()).put(name, value);
            }
        }));
        metrics.forEach((metric, values) -> {
            String ratio = metric.equals(Inside.RESIDENT) ? " ratio=" + leastOfPeers(result, values) : "";
            lines.add(head + metric + values(values) + ratio);
        });
        return lines;
    }

    private static String values(Map<String, Double> values) {
        StringBuilder text = new StringBuilder();
        values.forEach((name, value) ->
                text.append(' ').append(name).append('=').append(Double.isNaN(value) ? "-" : number(value)));
        return text.toString();
    }

    /** How many times as much as Kiln's process the leanest peer's has grown. */
    private static String leastOfPeers(Result result, Map<String, Double> growth) {
        Double kiln = growth.get(Workload.KILN);
        return growth.entrySet().stream()
                .filter(e -> result.isPeer(e.getKey()))
                .map(Map.Entry::getValue)
                .min(Double::compare)
                .filter(least -> kiln != null)
                .map(least -> ratio(least / kiln))
                .orElse("-");
    }

    /** A table for the terminal. */
    static String table(Result result) {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {
            "",
            result.measured().metric(),
            "best",
            "10 % … 90 %",
            "n",
            "Kiln is",
            "cores",
            "check",
            "oneDNN",
            "peak",
            "internal MiB",
            "resident MiB",
            "parameters",
            "engine"
        });
        result.figures()
                .forEach((name, f) -> rows.add(new String[] {
                    name,
                    number(f.median()),
                    number(f.spread().best()),
                    number(f.spread().low()) + " … " + number(f.spread().high()),
                    Integer.toString(f.samples()),
                    name.equals(Workload.KILN)
                            ? ""
                            : result.ratio(name).map(r -> ratio(r) + "×").orElse("-"),
                    String.format(Locale.ROOT, "%.1f", f.cores()),
                    String.format(
                            Locale.ROOT,
                            "%.4g → %.4g",
                            f.checks().first(),
                            f.checks().last()),
                    percent(f.inside().oneDnnShare()),
                    percent(f.inside().peakShare()),
                    known(f.inside().internalMiB()),
                    known(f.inside().residentMiB()),
                    f.facts().parameters() == 0 ? "" : Long.toString(f.facts().parameters()),
                    f.facts().version()
                }));
        StringBuilder text = new StringBuilder(
                result.workload().name() + ": " + result.workload().title() + "\n");
        int[] widths = new int[rows.get(0).length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                String pad = " ".repeat(widths[i] - row[i].length());
                line.append("  ").append(i > 0 && i < 11 ? pad + row[i] : row[i] + pad);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        result.faults()
                .forEach(fault -> text.append("  NOT GOOD: ").append(fault).append('\n'));
        return text.toString();
    }

    private static String percent(double share) {
        return Double.isNaN(share) ? "" : Math.round(100 * share) + " %";
    }

    private static String known(double value) {
        return Double.isNaN(value) ? "" : number(value);
    }

    static String ratio(double ratio) {
        return String.format(Locale.ROOT, "%.2f", ratio);
    }

    /** Four digits, and never an exponent. */
    static String number(double value) {
        if (value == 0 || Double.isNaN(value) || Double.isInfinite(value)) {
            return Double.toString(value);
        }
        int decimals = Math.max(0, 3 - (int) Math.floor(Math.log10(Math.abs(value))));
        return String.format(Locale.ROOT, "%." + Math.min(decimals, 9) + "f", value);
    }
}
