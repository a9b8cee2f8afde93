package io.kiln.examples;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A standalone master with workers of one core each, every one a JVM of its own on the loopback address, started from
 * Maven's jars. The cluster has Spark only; Kiln's jars travel with what is submitted.
 */
final class StandaloneCluster implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(60);
    private static final Pattern MASTER = Pattern.compile("Starting Spark master at (spark://[0-9.]+:[0-9]+)");
    private static final String REGISTERED = "Successfully registered with master";

    private final Path folder;
    private final Path properties;
    private final List<Path> applicationJars = new ArrayList<>();
    private final List<Process> processes = new ArrayList<>();
    private String master;

    private StandaloneCluster(Path folder, Map<String, String> settings) throws IOException {
        this.folder = folder;
        this.properties = folder.resolve("spark.properties");
        Files.write(
                properties,
                new TreeMap<>(settings)
                        .entrySet().stream()
                                .map(e -> e.getKey() + " " + e.getValue())
                                .toList());
    }

    /**
     * Starts master and workers, and returns when all have found each other.
     *
     * @param folder for everything that the processes write; emptied first
     * @param workers how many
     * @param settings of Spark, for the daemons and for what is submitted
     */
    static StandaloneCluster start(Path folder, int workers, Map<String, String> settings) throws Exception {
        if (Files.exists(folder)) {
            delete(folder, p -> true);
        }
        Files.createDirectories(folder);
        StandaloneCluster cluster = new StandaloneCluster(folder, settings);
        try {
            cluster.layOutHome();
            Path log = cluster.launch("master", "org.apache.spark.deploy.master.Master", "--port", "0");
            cluster.master = await(cluster.processes.get(0), log, MASTER).group(1);
            List<Path> logs = new ArrayList<>();
            for (int i = 0; i < workers; i++) {
                String name = "worker" + i;
                logs.add(cluster.launch(
                        name,
                        "org.apache.spark.deploy.worker.Worker",
                        "--cores",
                        "1",
                        "--memory",
                        "1g",
                        "--work-dir",
                        folder.resolve(name).toString(),
                        cluster.master));
            }
            for (int i = 0; i < workers; i++) {
                await(cluster.processes.get(1 + i), logs.get(i), Pattern.compile(REGISTERED));
            }
            return cluster;
        } catch (Exception e) {
            cluster.close();
            throw e;
        }
    }

    /**
     * What a submitted program printed, and its exit status.
     *
     * @param status 0 when all went well
     * @param output its standard output
     * @param errors its standard error stream
     */
    record Submission(int status, String output, String errors) {}

    /** Submits a class of this module in client mode and waits for its end. */
    Submission submit(Duration limit, Class<?> main, String... arguments) throws Exception {
        List<String> command = java("org.apache.spark.deploy.SparkSubmit");
        command.addAll(List.of("--master", master, "--properties-file", properties.toString()));
        command.addAll(List.of("--conf", "spark.driver.host=127.0.0.1", "--conf", "spark.executor.memory=700m"));
        String jars = applicationJars.stream().map(Path::toString).collect(Collectors.joining(","));
        command.addAll(List.of("--jars", jars, "--class", main.getName()));
        command.add(folder.resolve("application.jar").toString());
        command.addAll(Arrays.asList(arguments));
        Path output = folder.resolve("submit.out");
        Path errors = folder.resolve("submit.err");
        Process process = builder(command)
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile())
                .start();
        processes.add(process);
        if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            end(process);
            throw new AssertionError("spark-submit did not end within " + limit + "; it printed:\n"
                    + Files.readString(output) + "\n" + Files.readString(errors));
        }
        return new Submission(process.exitValue(), Files.readString(output), Files.readString(errors));
    }

    /** SPARK_HOME gets what is on the class path of this test except what spark-submit is to bring. */
    private void layOutHome() throws Exception {
        Path target = Path.of("").toAbsolutePath();
        List<String> brought = List.of(
                Files.readString(target.resolve("submit.classpath")).strip().split(":"));
        Set<String> clusterHas = new LinkedHashSet<>();
        for (String entry : System.getProperty("java.class.path").split(":")) {
            if (entry.endsWith(".jar") && !brought.contains(entry)) {
                clusterHas.add(entry);
            }
        }
        Path script = root().resolve("build/spark-home.sh");
        Process process = new ProcessBuilder("bash", script.toString(), home().toString(), String.join(":", clusterHas))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("spark-home.log").toFile())
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException("spark-home.sh failed: " + Files.readString(folder.resolve("spark-home.log")));
        }
        int n = 0;
        for (String entry : brought) {
            Path path = Path.of(entry);
            applicationJars.add(Files.isDirectory(path) ? jar(path, folder.resolve("module" + n++ + ".jar")) : path);
        }
        jar(target.resolve("classes"), folder.resolve("application.jar"));
    }

    private static Path jar(Path classes, Path file) throws IOException {
        try (OutputStream out = Files.newOutputStream(file);
                JarOutputStream jar = new JarOutputStream(out);
                Stream<Path> all = Files.walk(classes)) {
            for (Path p : (Iterable<Path>) all.filter(Files::isRegularFile).sorted()::iterator) {
                jar.putNextEntry(new JarEntry(classes.relativize(p).toString()));
                Files.copy(p, jar);
                jar.closeEntry();
            }
        }
        return file;
    }

    /** The root of the repository: tests run in examples/target. */
    static Path root() {
        return Path.of("").toAbsolutePath().getParent().getParent();
    }

    private Path home() {
        return folder.resolve("home");
    }

    private Path launch(String name, String main, String... arguments) throws IOException {
        List<String> command = java(main);
        command.addAll(List.of("--host", "127.0.0.1", "--webui-port", "0"));
        command.addAll(List.of("--properties-file", properties.toString()));
        command.addAll(Arrays.asList(arguments));
        Path log = folder.resolve(name + ".log");
        processes.add(builder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start());
        return log;
    }

    private List<String> java(String main) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("@" + root().resolve("build/spark.jvmargs"));
        command.addAll(List.of("-Xmx600m", "-Djava.awt.headless=true", "-cp", home() + "/jars/*", main));
        return command;
    }

    private ProcessBuilder builder(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("SPARK_"));
        environment.put("SPARK_HOME", home().toString());
        environment.put("SPARK_SCALA_VERSION", "2.13");
        environment.put("SPARK_LOCAL_IP", "127.0.0.1");
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        return builder;
    }

    private static Matcher await(Process process, Path log, Pattern pattern) throws Exception {
        long deadline = System.nanoTime() + START.toNanos();
        while (true) {
            Matcher found = pattern.matcher(Files.readString(log));
            if (found.find()) {
                return found;
            }
            if (process.waitFor(100, TimeUnit.MILLISECONDS)) {
                throw new IOException("ended with " + process.exitValue() + ": " + Files.readString(log));
            }
            if (System.nanoTime() > deadline) {
                throw new IOException("no '" + pattern + "' within " + START + ": " + Files.readString(log));
            }
        }
    }

    /** Ends the processes and their children, those started last first. Logs stay, jars do not. */
    @Override
    public void close() throws IOException {
        for (int i = processes.size() - 1; i >= 0; i--) {
            end(processes.get(i));
        }
        delete(folder, p -> p.toString().endsWith(".jar"));
    }

    private static void delete(Path folder, Predicate<Path> which) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path p : (Iterable<Path>) all.sorted(Comparator.reverseOrder()).filter(which)::iterator) {
                Files.delete(p);
            }
        }
    }

    private static void end(Process process) {
        List<ProcessHandle> family = process.descendants().collect(Collectors.toCollection(ArrayList::new));
        family.add(process.toHandle());
        family.forEach(ProcessHandle::destroy);
        for (ProcessHandle one : family) {
            try {
                one.onExit().get(10, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                one.destroyForcibly();
            } catch (ExecutionException | TimeoutException e) {
                one.destroyForcibly();
            }
        }
    }
}
