package io.kiln.benchmarks;

import io.kiln.benchmarks.defaults.Defaults;
import io.kiln.benchmarks.rows.Rows;
import io.kiln.benchmarks.sparse.Sparse;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bench}: Kiln and its peers side by side, in one run. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = {
            "Runs Kiln and its peers side by side and prints, for each figure, a table and one line",
            "BENCH <workload> <metric> kiln=<v> <peer>=<v> ... ratio=<speed of Kiln over that of the best peer>.",
            "Each contender has a JVM of its own; they take turns, and while one steps the others sleep."
        },
        subcommands = {Defaults.class, Rows.class, Sparse.class},
        footer = "Exit code: 0, or 1 when a contender failed or a check did not hold.")
public final class Main implements Callable<Integer> {

    @Parameters(paramLabel = "NAME", description = "Workloads to run; all of them when none is named.")
    private List<String> names = new ArrayList<>();

    @Option(names = "--threads", defaultValue = "2", description = "Threads of each engine. Default: ${DEFAULT-VALUE}.")
    private int threads;

    @Option(
            names = "--instructions",
            defaultValue = "NATIVE",
            description = {
                "What contenders may use of the processor: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.",
                "AVX2 shows a processor without AVX-512; its workloads are told as <workload>-avx2."
            })
    private InstructionSet instructions;

    @Option(names = "--rounds", description = "Turns of each contender. Default: the workload's own number.")
    private Integer rounds;

    @Option(names = "--steps", description = "Counted steps of a turn. Default: the workload's own number.")
    private Integer steps;

    @Option(names = "--warmup", paramLabel = "SECONDS", description = "Warm-up of each contender.")
    private Double warmup;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "CONTENDER",
            description = "Only these contenders, by their names in the BENCH lines.")
    private List<String> only = new ArrayList<>();

    @Option(
            names = "--before",
            paramLabel = "CHECKOUT",
            description =
                    "Another checkout of Kiln, whose own bench has run (with --list is enough): its Kiln takes turns as the"
                            + " contender kiln-before. On a machine that is not still, take many short turns: --rounds 20 --steps 5.")
    private Path before;

    @Option(
            names = "--markdown",
            paramLabel = "FILE",
            description =
                    "Also puts the results into a Markdown table: into that of a page that has the place marked, such as"
                            + " docs/performance.md, where the rows of other workloads stay, or into a new file. On a processor"
                            + " without AVX-512 the rows are named <workload>-avx2.")
    private Path markdown;

    @Option(names = "--list", description = "Lists workloads and contenders, and runs nothing.")
    private boolean list;

    @Option(names = "--quiet", description = "No lines of progress on the error stream.")
    private boolean quiet;

    @Spec
    private CommandSpec spec;

    /** Runs the command and ends the JVM with its exit code. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        List<Workload> chosen = chosen();
        if (list) {
            chosen.forEach(w -> out.println(w.name() + ": " + w.title() + " ("
                    + String.join(", ", w.contenders().keySet()) + ")"));
            return 0;
        }
        Setup setup = new Setup(threads, instructions, ContenderProcess.scratch(), classPathBefore());
        Bench bench = new Bench(
                setup,
                quiet
                        ? line -> {}
                        : line -> {
                            err.println(line);
                            err.flush();
                        });
        boolean good = true;
        String run = circumstances();
        out.println(run);
        for (Workload workload : chosen) {
            List<Result> results = bench.run(workload, plan(workload.plan())).stream()
                    .map(result ->
                            result.named(instructions.workload(result.workload().name())))
                    .toList();
            for (Result result : results) {
                out.println(Report.table(result));
                Report.lines(result).forEach(out::println);
                out.println();
                out.flush();
                good &= result.faults().isEmpty();
            }
            if (markdown != null) {
                List<Result> rows = new ArrayList<>();
                for (Result result : results) {
                    rows.add(result.named(instructions.row(result.workload().name())));
                }
                Page.write(markdown, run, rows);
            }
        }
        if (good) {
            ContenderProcess.removeScratch(setup.scratch());
        } else {
            err.println("logs of the contenders: " + setup.scratch());
        }
        return good ? 0 : 1;
    }

    private List<Workload> chosen() {
        List<Workload> chosen;
        try {
            chosen = names.isEmpty()
                    ? Workloads.all()
                    : names.stream().map(Workloads::named).toList();
        } catch (IllegalArgumentException e) {
            throw new CommandLine.ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        if (before != null) {
            chosen = chosen.stream().map(Workload::withBefore).toList();
        }
        return only.isEmpty() ? chosen : chosen.stream().map(w -> w.only(only)).toList();
    }

    private String classPathBefore() throws IOException {
        if (before == null) {
            return "";
        }
        Path target = before.resolve("benchmarks").resolve("target");
        Path file = target.resolve("kiln.classpath");
        if (!Files.exists(file)) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--before: no " + file + "; run bin/kiln bench --list in that checkout first");
        }
        return target.resolve("classes")
                + File.pathSeparator
                + Files.readString(file).strip();
    }

    private Plan plan(Plan own) {
        return new Plan(
                warmup == null ? own.warmupSeconds() : warmup,
                rounds == null ? own.rounds() : rounds,
                own.lead(),
                steps == null ? own.steps() : steps);
    }

    /** Date, machine and command in one line. The name of the page is left out of the command: it changes nothing. */
    private String circumstances() throws IOException {
        List<String> arguments =
                new ArrayList<>(spec.commandLine().getParseResult().originalArgs());
        int at = arguments.indexOf("--markdown");
        if (at >= 0) {
            arguments.subList(at, at + 2).clear();
        }
        return String.format(
                Locale.ROOT,
                "%s, %s, %d cores, %s %s, JDK %s, %d threads: `bin/kiln bench %s`",
                LocalDate.now(ZoneOffset.UTC),
                instructions.describe(),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.name"),
                System.getProperty("os.version").replaceAll("-.*", ""), // without the builder's own suffix
                System.getProperty("java.version"),
                threads,
                String.join(" ", arguments));
    }
}
