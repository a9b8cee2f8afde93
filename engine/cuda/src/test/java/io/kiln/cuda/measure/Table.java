package io.kiln.cuda.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Writes {@code table.md} from what a run has left: the networks beside PyTorch, the operations, and what became of each section.
 * Argument: the folder of the run.
 */
final class Table {
    private static final String ABSENT = "–";

    private final List<Figure> figures;
    private final StringBuilder text = new StringBuilder();

    private Table(List<Figure> figures) {
        this.figures = figures;
    }

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        Path file = folder.resolve("figures.tsv");
        List<Figure> figures = Files.exists(file)
                ? Files.readAllLines(file).stream().map(Figure::parse).toList()
                : List.of();
        Path machine = folder.resolve("machine.txt");
        Table table = new Table(figures);
        table.networks();
        table.operations();
        table.sections(Files.readAllLines(folder.resolve("sections.tsv")));
        String head = Files.exists(machine) ? Files.readString(machine) + "\n" : "";
        Files.writeString(folder.resolve("table.md"), head + table.text);
        System.out.print(table.text);
    }

    private Optional<Figure> find(Figure like, String engine) {
        return figures.stream()
                .filter(f -> f.what().equals(like.what())
                        && f.work().equals(like.work())
                        && f.precision().equals(like.precision())
                        && f.engine().equals(engine))
                .reduce((first, second) -> second);
    }

    /** One of each network, work and precision, in the order of the run. */
    private List<Figure> keys(boolean networks) {
        Set<String> seen = new LinkedHashSet<>();
        List<Figure> keys = new ArrayList<>();
        for (Figure f : figures) {
            boolean network = f.work().equals("train") || f.work().equals("predict");
            if (network == networks && seen.add(f.what() + "\t" + f.work() + "\t" + f.precision())) {
                keys.add(f);
            }
        }
        return keys;
    }

    private void networks() {
        text.append(
                """
                | network | batch | precision | work | Kiln, ms | PyTorch eager, ms | torch.compile, ms | × eager | × compile | Kiln, MiB | PyTorch, MiB |
                |---|---|---|---|---|---|---|---|---|---|---|
                """);
        Map<String, Set<String>> parameters = new LinkedHashMap<>();
        for (Figure key : keys(true)) {
            Optional<Figure> kiln = find(key, "kiln");
            Optional<Figure> eager = find(key, "eager");
            Optional<Figure> compile = find(key, "compile");
            text.append("| ")
                    .append(String.join(
                            " | ",
                            key.what(),
                            key.detail(0),
                            key.precision(),
                            key.work(),
                            millis(kiln),
                            millis(eager),
                            millis(compile),
                            ratio(eager, kiln),
                            ratio(compile, kiln),
                            kiln.map(f -> f.detail(3)).orElse(ABSENT),
                            eager.map(f -> f.detail(3)).orElse(ABSENT)))
                    .append(" |\n");
            parameters.computeIfAbsent(key.what(), k -> new LinkedHashSet<>());
            for (Optional<Figure> one : List.of(kiln, eager, compile)) {
                one.ifPresent(f -> parameters.get(key.what()).add(f.detail(2)));
            }
        }
        parameters.forEach((network, counts) -> {
            if (counts.size() > 1) {
                text.append("\nNOT COMPARABLE: ")
                        .append(network)
                        .append(" has different numbers of parameters: ")
                        .append(String.join(" and ", counts))
                        .append("\n");
            }
        });
    }

    private static String millis(Optional<Figure> f) {
        return f.map(g -> String.format(Locale.ROOT, "%.3f", g.value())).orElse(ABSENT);
    }

    private static String ratio(Optional<Figure> other, Optional<Figure> kiln) {
        return other.isPresent() && kiln.isPresent()
                ? String.format(
                        Locale.ROOT, "%.2f", other.get().value() / kiln.get().value())
                : ABSENT;
    }

    private void operations() {
        text.append("\n| operation | precision | unit | Kiln | PyTorch |\n|---|---|---|---|---|\n");
        for (Figure key : keys(false)) {
            text.append("| ")
                    .append(String.join(
                            " | ",
                            key.what(),
                            key.precision(),
                            key.work(),
                            value(find(key, "kiln")),
                            value(find(key, "eager"))))
                    .append(" |\n");
        }
    }

    private static String value(Optional<Figure> f) {
        return f.map(g -> String.format(Locale.ROOT, "%.3g", g.value())).orElse(ABSENT);
    }

    private void sections(List<String> lines) {
        text.append("\n| section | outcome | seconds |\n|---|---|---|\n");
        lines.forEach(
                line -> text.append("| ").append(line.replace("\t", " | ")).append(" |\n"));
    }
}
