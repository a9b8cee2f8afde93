package io.kiln.notes;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.apache.zeppelin.interpreter.Interpreter;
import org.apache.zeppelin.interpreter.InterpreterContext;
import org.apache.zeppelin.interpreter.InterpreterResult;
import scala.jdk.javaapi.CollectionConverters;
import scala.tools.nsc.Settings;
import scala.tools.nsc.interpreter.IMain;
import scala.tools.nsc.interpreter.Results;
import scala.tools.nsc.interpreter.shell.ReplReporterImpl;

/**
 * Interprets Scala with a Spark session, as the interpreter that comes with Zeppelin does: that one knows no Spark 4. Properties whose
 * names begin with {@code spark.} configure the session. Paragraphs find {@code spark}, {@code sc}, and what spark-shell imports.
 */
public final class ScalaInterpreter extends Interpreter {
    private static final String PRELUDE =
            """
            @transient val spark = org.apache.spark.sql.SparkSession.active
            @transient val sc = spark.sparkContext
            import org.apache.spark.SparkContext._
            import spark.implicits._
            import spark.sql
            import org.apache.spark.sql.functions._
            """;

    private final CellStream out = new CellStream();
    private Path classes;
    private IMain shell;
    private SparkSession spark;

    /**
     * Makes an interpreter, which starts when it is opened.
     *
     * @param properties its settings
     */
    public ScalaInterpreter(Properties properties) {
        super(properties);
    }

    @Override
    public void open() {
        try {
            classes = Files.createTempDirectory("notes-classes");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Settings settings = new Settings();
        List<String> options = List.of(
                "-classpath",
                System.getProperty("java.class.path"),
                "-Yrepl-class-based",
                "-Yrepl-outdir",
                classes.toString());
        settings.processArguments(CollectionConverters.asScala(options).toList(), true);
        shell = new IMain(settings, new ReplReporterImpl(settings, new PrintWriter(out, true)));
        Thread.currentThread().setContextClassLoader(shell.classLoader());
        SparkConf conf = new SparkConf().set("spark.repl.class.outputDir", classes.toString());
        getProperties().forEach((name, value) -> {
            if (name.toString().startsWith("spark.")) {
                conf.set(name.toString(), value.toString());
            }
        });
        spark = SparkSession.builder().config(conf).getOrCreate();
        if (!shell.interpret(PRELUDE).equals(Results.Success$.MODULE$)) {
            throw new IllegalStateException("the prelude does not compile");
        }
    }

    @Override
    public InterpreterResult interpret(String code, InterpreterContext context) {
        Thread.currentThread().setContextClassLoader(shell.classLoader());
        spark.sparkContext().setJobGroup(group(context), context.getParagraphId(), false);
        out.cell = context.out;
        Results.Result result;
        try {
            result = scala.Console.withOut(out, () -> shell.interpret(code));
            scala.Console.withOut(out, () -> {
                scala.Console.flush();
                return null;
            });
        } finally {
            out.cell = null;
            spark.sparkContext().clearJobGroup();
        }
        if (result.equals(Results.Success$.MODULE$)) {
            return new InterpreterResult(InterpreterResult.Code.SUCCESS);
        }
        return new InterpreterResult(
                result.equals(Results.Error$.MODULE$)
                        ? InterpreterResult.Code.ERROR
                        : InterpreterResult.Code.INCOMPLETE);
    }

    private static String group(InterpreterContext context) {
        return "zeppelin|" + context.getNoteId() + "|" + context.getParagraphId();
    }

    @Override
    public void cancel(InterpreterContext context) {
        spark.sparkContext().cancelJobGroup(group(context));
    }

    @Override
    public FormType getFormType() {
        return FormType.NATIVE;
    }

    @Override
    public int getProgress(InterpreterContext context) {
        return 0;
    }

    @Override
    public void close() {
        spark.stop();
        shell.close();
        try (Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What paragraphs print, and what the shell tells of them, goes to the paragraph that runs. */
    private static final class CellStream extends OutputStream {
        private volatile OutputStream cell;

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            OutputStream to = cell;
            if (to != null) {
                to.write(bytes, offset, length);
            }
        }

        @Override
        public void flush() throws IOException {
            OutputStream to = cell;
            if (to != null) {
                to.flush();
            }
        }
    }
}
