package io.kiln.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

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
            "parameters",
            "engine"
        });
        result.figures()
                .forEach((name, f) -> rows.add(new String[] {
                    name,
                    number(f.median()),
                    number(f.best()),
                    number(f.low()) + " … " + number(f.high()),
                    Integer.toString(f.samples()),
                    name.equals(Workload.KILN)
                            ? ""
                            : result.ratio(name).map(r -> ratio(r) + "×").orElse("-"),
                    "%.1f".formatted(f.cores()),
                    "%.4g → %.4g".formatted(f.firstCheck(), f.lastCheck()),
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
                line.append("  ").append(i > 0 && i < 7 ? pad + row[i] : row[i] + pad);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        result.faults()
                .forEach(fault -> text.append("  NOT GOOD: ").append(fault).append('\n'));
        return text.toString();
    }

    /** The page of all results, in Markdown. */
    static String markdown(List<Result> results, Map<String, String> circumstances) {
        StringBuilder text = new StringBuilder("| workload | figure | Kiln |");
        text.append(" best peer | ratio | all peers |\n|---|---|---|---|---|---|\n");
        for (Result r : results) {
            Figures kiln = r.figures().get(Workload.KILN);
            String best = r.bestPeer().orElse(null);
            List<String> peers = new ArrayList<>();
            r.figures().forEach((name, f) -> {
                if (!name.equals(Workload.KILN)) {
                    peers.add(name + " " + number(f.median()));
                }
            });
            text.append("| `%s` %s | %s | %s | %s | %s | %s |\n"
                    .formatted(
                            r.workload().name(),
                            r.workload().title(),
                            r.measured().metric(),
                            kiln == null ? "-" : number(kiln.median()),
                            best == null
                                    ? "-"
                                    : best + " " + number(r.figures().get(best).median()),
                            best == null
                                    ? "-"
                                    : r.ratio(best).map(Report::ratio).orElse("-"),
                            String.join(", ", peers)));
        }
        text.append('\n');
        circumstances.forEach((what, value) ->
                text.append("* ").append(what).append(": ").append(value).append('\n'));
        for (Result r : results) {
            r.faults().forEach(fault -> text.append("* Not good, ")
                    .append(r.workload().name())
                    .append(": ")
                    .append(fault)
                    .append('\n'));
        }
        return text.toString();
    }

    private static String ratio(double ratio) {
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
