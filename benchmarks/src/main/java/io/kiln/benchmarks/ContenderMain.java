package io.kiln.benchmarks;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The JVM of one contender. It takes orders on its standard input, one per line, and answers each with one line on its
 * standard output that begins with {@link #MARK}; everything else that it or its libraries print is passed over.
 * It ends when its input ends.
 *
 * <p>Orders: {@code run <case> <steps>} answered by {@code block <seconds,…> <checks,…> <cores>}; {@code insight <case>} answered
 * by {@code insight <MiB of resident growth>}, which the numbers of an {@link Insight} may follow; {@code profile on} and
 * {@code profile off} answered by {@code profile <whether it can>}. The very first
 * answer, {@code facts <parameters> <version>}, comes unasked. {@code error <text>} takes the place of any answer.
 */
final class ContenderMain {

    static final String MARK = "@contender ";

    private ContenderMain() {}

    /** Arguments: workload, contender, threads, scratch folder. */
    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err);
        int exit = 0;
        try (Contender contender =
                Workloads.named(args[0]).contenders().get(args[1]).get()) {
            Setup setup = new Setup(Integer.parseInt(args[2]), InstructionSet.valueOf(args[3]), Path.of(args[4]), "");
            contender.load(setup);
            ResidentMemory memory = new ResidentMemory();
            Facts facts = contender.setup(setup);
            memory.forgetPeak();
            answer(answers, "facts " + facts.parameters() + " " + facts.version());
            obey(contender, memory, answers);
        } catch (Throwable e) {
            e.printStackTrace();
            answer(answers, "error " + String.valueOf(e).replaceAll("\\s+", " "));
            exit = 1;
        }
        // Engines leave threads behind that nobody can end.
        System.exit(exit);
    }

    private static void obey(Contender contender, ResidentMemory memory, PrintStream answers) throws Exception {
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = orders.readLine(); line != null; line = orders.readLine()) {
            String[] order = line.split(" ");
            if (order.length == 3 && order[0].equals("run")) {
                answer(answers, run(contender, order[1], Integer.parseInt(order[2])));
            } else if (order.length == 2 && order[0].equals("insight")) {
                answer(answers, insight(contender, memory, order[1]));
            } else if (order.length == 2 && order[0].equals("profile")) {
                answer(answers, "profile " + contender.profile(order[1].equals("on")));
            } else {
                throw new IllegalArgumentException("order: expected 'run <case> <steps>', 'insight <case>' or"
                        + " 'profile <on or off>', got '" + line + "'");
            }
        }
    }

    private static String run(Contender contender, String caseName, int steps) throws Exception {
        long cpu = cpuNanos();
        long begin = System.nanoTime();
        Block block = contender.run(caseName, steps);
        double cores = (double) (cpuNanos() - cpu) / (System.nanoTime() - begin);
        return "block " + join(block.seconds()) + " " + join(block.checks()) + " " + cores;
    }

    private static String insight(Contender contender, ResidentMemory memory, String caseName) throws Exception {
        double growth = memory.growthMiB(); // before looking inside takes memory of its own
        String inside = contender
                .insight(caseName)
                .map(i -> " " + i.gflop() + " " + i.peakGflops() + " " + i.internalMiB())
                .orElse("");
        return "insight " + growth + inside;
    }

    /** Of this process, and of those that it has started and that still run. */
    private static long cpuNanos() {
        ProcessHandle self = ProcessHandle.current();
        return Stream.concat(Stream.of(self), self.descendants())
                .mapToLong(
                        p -> p.info().totalCpuDuration().map(Duration::toNanos).orElse(0L))
                .sum();
    }

    private static void answer(PrintStream to, String text) {
        to.println(MARK + text);
        to.flush();
    }

    private static String join(double[] values) {
        return Arrays.stream(values).mapToObj(Double::toString).collect(Collectors.joining(","));
    }
}
