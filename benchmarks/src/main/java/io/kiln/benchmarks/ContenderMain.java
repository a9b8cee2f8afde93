package io.kiln.benchmarks;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The JVM of one contender. It takes orders on its standard input, one per line, and answers each with one line on its
 * standard output that begins with {@link #MARK}; everything else that it or its libraries print is passed over.
 * It ends when its input ends.
 *
 * <p>Orders: {@code run <case> <steps>} answered by {@code block <seconds,…> <checks,…> <cores>}. The very first
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
            Facts facts = contender.setup(new Setup(Integer.parseInt(args[2]), Path.of(args[3])));
            answer(answers, "facts " + facts.parameters() + " " + facts.version());
            obey(contender, answers);
        } catch (Throwable e) {
            e.printStackTrace();
            answer(answers, "error " + String.valueOf(e).replaceAll("\\s+", " "));
            exit = 1;
        }
        // Engines leave threads behind that nobody can end.
        System.exit(exit);
    }

    private static void obey(Contender contender, PrintStream answers) throws Exception {
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = orders.readLine(); line != null; line = orders.readLine()) {
            String[] order = line.split(" ");
            if (order.length != 3 || !order[0].equals("run")) {
                throw new IllegalArgumentException("order: expected 'run <case> <steps>', got '" + line + "'");
            }
            long cpu = cpuNanos();
            long begin = System.nanoTime();
            Block block = contender.run(order[1], Integer.parseInt(order[2]));
            double cores = (double) (cpuNanos() - cpu) / (System.nanoTime() - begin);
            answer(answers, "block " + join(block.seconds()) + " " + join(block.checks()) + " " + cores);
        }
    }

    private static long cpuNanos() {
        return ProcessHandle.current()
                .info()
                .totalCpuDuration()
                .map(d -> d.toNanos())
                .orElse(0L);
    }

    private static void answer(PrintStream to, String text) {
        to.println(MARK + text);
        to.flush();
    }

    private static String join(double[] values) {
        return Arrays.stream(values).mapToObj(Double::toString).collect(Collectors.joining(","));
    }
}
