package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import scala.tools.nsc.Main;

/**
 * The Java and Scala of the documentation compiles as it stands, without warnings, and what has a main method runs: with a
 * Parquet file of digits and a place for a model as arguments, in a local Spark. Where a block of text follows, that is what
 * it prints.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DocumentationTest {
    private static final Path ROOT = StandaloneCluster.root();
    private static final Pattern TYPE = Pattern.compile("(?m)^(?:public )?(?:final )?(?:class|record|object) (\\w+)");

    private Path folder;
    private Path digits;

    @BeforeAll
    void writeDigits(@TempDir Path temporary) throws IOException {
        folder = temporary;
        digits = folder.resolve("digits.parquet");
        try (SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", "false")
                .getOrCreate()) {
            Mnist.bundled(Mnist.Part.TRAIN)
                    .first(600)
                    .toDataFrame(spark, 2)
                    .write()
                    .mode(SaveMode.ErrorIfExists)
                    .parquet(digits.toString());
        }
    }

    private static List<Path> files() throws IOException {
        List<Path> files = new ArrayList<>(List.of(ROOT.resolve("README.md"), ROOT.resolve("CONTRIBUTING.md")));
        try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
            docs.filter(p -> p.toString().endsWith(".md")).sorted().forEach(files::add);
        }
        return files;
    }

    @TestFactory
    List<DynamicTest> codeCompilesAndRuns() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (Path file : files()) {
            List<CodeBlock> blocks = CodeBlock.of(file);
            for (int i = 0; i < blocks.size(); i++) {
                CodeBlock block = blocks.get(i);
                CodeBlock next = i + 1 < blocks.size() ? blocks.get(i + 1) : null;
                String prints = next != null && next.language().equals("text") ? next.code() : null;
                if (block.language().equals("java") || block.language().equals("scala")) {
                    tests.add(DynamicTest.dynamicTest(block.toString(), () -> compileAndRun(block, prints)));
                }
            }
        }
        return tests;
    }

    @Test
    void readmeShowsJavaScalaAndSparkSubmitInAtMostTwentyLines() throws IOException {
        List<CodeBlock> blocks = CodeBlock.of(ROOT.resolve("README.md"));
        for (String language : List.of("java", "scala")) {
            List<CodeBlock> found =
                    blocks.stream().filter(b -> b.language().equals(language)).toList();
            assertEquals(1, found.size(), language);
            assertTrue(found.get(0).code().lines().count() <= 24, found.get(0) + " is longer than 24 lines");
        }
        assertTrue(blocks.stream().anyMatch(b -> b.code().contains("spark-submit")));
    }

    private void compileAndRun(CodeBlock block, String prints) throws Exception {
        Matcher type = TYPE.matcher(block.code());
        assertTrue(type.find(), block + ": declares no class, record or object");
        Path work = Files.createTempDirectory(folder, "block");
        Path source = work.resolve(type.group(1) + "." + block.language());
        Files.writeString(source, block.code());
        Path classes = Files.createDirectory(work.resolve("classes"));
        if (block.language().equals("java")) {
            compileJava(source, classes);
        } else {
            compileScala(source, classes);
        }
        if (block.code().contains(" main(")) {
            Path model = Files.createDirectory(work.resolve("output")).resolve("model");
            String printed = run(type.group(1), classes, model);
            assertEquals(
                    block.code().contains("args[1]") || block.code().contains("args(1)"), Files.exists(model), "model");
            if (prints != null) {
                assertEquals(prints, printed);
            }
        }
    }

    private static void compileJava(Path source, Path classes) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, Locale.ROOT, null)) {
            List<String> options = List.of(
                    "--release",
                    "17",
                    "-Xlint:all,-processing,-path,-classfile,-try",
                    "-Werror",
                    "-proc:none",
                    "-classpath",
                    System.getProperty("java.class.path"),
                    "-d",
                    classes.toString());
            boolean good = compiler.getTask(messages, files, null, options, null, files.getJavaFileObjects(source))
                    .call();
            assertTrue(good, messages::toString);
        }
    }

    private static void compileScala(Path source, Path classes) {
        Main.process(new String[] {
            "-deprecation",
            "-feature",
            "-Werror",
            "-classpath",
            System.getProperty("java.class.path"),
            "-d",
            classes.toString(),
            source.toString()
        });
        assertFalse(Main.reporter().hasErrors(), "scalac refuses " + source + ": see the output of this test");
    }

    private String run(String main, Path classes, Path model) throws Exception {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setProperty("spark.master", "local[2]");
        System.setProperty("spark.ui.enabled", "false");
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {classes.toUri().toURL()}, before)) {
            // Spark's tasks look for classes where the thread that starts it looks.
            thread.setContextClassLoader(loader);
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass(main).getMethod("main", String[].class).invoke(null, (Object)
                    new String[] {digits.toString(), model.toString()});
            return printed.toString(StandardCharsets.UTF_8);
        } finally {
            System.setOut(console);
            thread.setContextClassLoader(before);
            System.clearProperty("spark.master");
            System.clearProperty("spark.ui.enabled");
            SparkSession.getActiveSession().foreach(s -> {
                s.stop();
                return null;
            });
        }
    }
}
