package io.kiln.benchmarks;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.launcher.JavaModuleOptions;

/**
 * The benchmark's end of a contender's JVM. A JVM of its own, because each engine brings its own OpenMP, whose threads
 * spin for a while after their last work and would take the cores away from the contender that is measured.
 */
final class ContenderProcess implements AutoCloseable {

    /** After this time without work the spinning threads of every OpenMP known to us sleep. */
    static final Duration SETTLE = Duration.ofMillis(300);

    private static final Duration START = Duration.ofMinutes(10);
    private static final Duration RUN = Duration.ofMinutes(30);
    private static final String EOF = "eof";
    private static final String ONEDNN = "onednn_verbose,";

    private final String name;
    private final Path log;
    private final Process process;
    private final Writer orders;
    private final LinkedBlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private final Facts facts;
    private final DoubleAdder oneDnnSeconds = new DoubleAdder();
    private double cores;

    ContenderProcess(Workload workload, String name, Setup setup) throws IOException, InterruptedException {
        this.name = name;
        this.log = setup.scratch().resolve(workload.name() + "-" + name + ".log");
        ProcessBuilder builder = new ProcessBuilder(command(workload, name, setup))
                .directory(setup.scratch().toFile())
                .redirectError(log.toFile());
        builder.environment().put("OMP_NUM_THREADS", Integer.toString(setup.threads()));
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        builder.environment().putAll(setup.instructions().environment());
        process = builder.start();
        orders = process.outputWriter(StandardCharsets.UTF_8);
        Thread reader = new Thread(this::read, "answers of " + name);
        reader.setDaemon(true);
        reader.start();
        try {
            String[] answer = answer("facts", START).split(" ", 3);
            facts = new Facts(answer[2], Long.parseLong(answer[1]));
        } catch (IOException | InterruptedException | RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    private static List<String> command(Workload workload, String name, Setup setup) {
        boolean before = name.equals(Workload.BEFORE);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptionArray()));
        if (Runtime.version().feature() >= 24) {
            command.add("--sun-misc-unsafe-memory-access=allow");
        }
        command.addAll(setup.instructions().jvmOptions());
        command.addAll(List.of(
                "-Xmx3g",
                "-Dio.netty.noUnsafe=false",
                "-Djava.awt.headless=true",
                "-Dai.djl.offline=true",
                "-Dai.djl.pytorch.num_threads=" + setup.threads(),
                "-Dai.djl.pytorch.num_interop_threads=1",
                "-Dlog4j2.configurationFile=classpath:io/kiln/benchmarks/log4j2.properties",
                "-cp",
                absolute(before ? setup.before() : System.getProperty("java.class.path")),
                ContenderMain.class.getName(),
                workload.name(),
                before ? Workload.KILN : name,
                Integer.toString(setup.threads()),
                setup.instructions().name(),
                setup.scratch().toAbsolutePath().toString()));
        return command;
    }

    private static String absolute(String classPath) {
        return Arrays.stream(classPath.split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    Facts facts() {
        return facts;
    }

    /** CPU seconds per second that the contender's process spent in the latest {@link #run}. */
    double cores() {
        return cores;
    }

    Block run(String caseName, int steps) throws IOException, InterruptedException {
        order("run " + caseName + " " + steps);
        String[] answer = answer("block", RUN).split(" ");
        cores = Double.parseDouble(answer[3]);
        return new Block(numbers(answer[1]), numbers(answer[2]));
    }

    /**
     * What the contender says of its inside.
     *
     * @param steps to be taken under oneDNN's profile
     * @param stepSeconds median of its timed steps
     */
    Inside inside(String caseName, int steps, double stepSeconds) throws IOException, InterruptedException {
        order("insight " + caseName);
        double[] known = Arrays.stream(answer("insight", RUN).split(" "))
                .skip(1)
                .mapToDouble(Double::parseDouble)
                .toArray();
        Optional<Insight> insight =
                known.length < 4 ? Optional.empty() : Optional.of(new Insight(known[1], known[2], known[3]));
        return Inside.of(known[0], insight, oneDnnShare(caseName, steps), stepSeconds);
    }

    private double oneDnnShare(String caseName, int steps) throws IOException, InterruptedException {
        order("profile on");
        if (!answer("profile", RUN).endsWith("true")) {
            return Double.NaN;
        }
        oneDnnSeconds.reset();
        Block block = run(caseName, steps);
        double inside = oneDnnSeconds.sum();
        order("profile off");
        answer("profile", RUN);
        return inside / Arrays.stream(block.seconds()).sum();
    }

    private void order(String text) throws IOException {
        orders.write(text + "\n");
        orders.flush();
    }

    /** Seconds that a line of oneDNN's profile says of one call; 0 for any other line. */
    static double oneDnnSeconds(String line) {
        int begin = line.indexOf(ONEDNN);
        if (begin < 0 || !line.contains(",exec,")) {
            return 0;
        }
        try {
            return Double.parseDouble(line.substring(line.lastIndexOf(',') + 1)) * 1e-3;
        } catch (NumberFormatException e) {
            return 0; // a head line of the profile, which names the columns
        }
    }

    private static double[] numbers(String text) {
        return Arrays.stream(text.split(",")).mapToDouble(Double::parseDouble).toArray();
    }

    private String answer(String kind, Duration patience) throws IOException, InterruptedException {
        String answer = answers.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
        if (answer == null) {
            throw new IOException(name + ": no answer within " + patience + "; its log: " + log);
        }
        if (!answer.startsWith(kind + " ")) {
            throw new IOException(name + ": " + (answer.equals(EOF) ? "its JVM ended" : answer) + "; its log: " + log);
        }
        return answer;
    }

    private void read() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                // Native libraries print where they please, also in the middle of a line.
                int mark = line.indexOf(ContenderMain.MARK);
                if (mark >= 0) {
                    answers.add(line.substring(mark + ContenderMain.MARK.length()));
                } else {
                    oneDnnSeconds.add(oneDnnSeconds(line));
                }
            }
        } catch (IOException | UncheckedIOException e) {
            answers.add("error " + e);
        }
        answers.add(EOF);
    }

    @Override
    public void close() throws IOException {
        ChildProcess.end(process, orders);
    }

    /** Makes the folder that contenders run in and write their logs to. */
    static Path scratch() throws IOException {
        return Files.createTempDirectory("kiln-bench-").toRealPath();
    }

    /** Removes that folder with all that is in it. */
    static void removeScratch(Path scratch) throws IOException {
        try (Stream<Path> all = Files.walk(scratch)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
