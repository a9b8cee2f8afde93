package io.kiln.notes;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import org.apache.zeppelin.interpreter.Interpreter;
import org.apache.zeppelin.interpreter.InterpreterContext;
import org.apache.zeppelin.interpreter.InterpreterException;
import org.apache.zeppelin.interpreter.InterpreterOutput;
import org.apache.zeppelin.interpreter.InterpreterResult;
import org.apache.zeppelin.interpreter.InterpreterResultMessage;

/** Runs paragraphs with the interpreters of the notes, in this JVM. */
final class Cells implements AutoCloseable {
    private final ScalaInterpreter scala;
    private final TextInterpreter text;

    /**
     * What a paragraph came to.
     *
     * @param code whether it ran
     * @param shown what its cell shows, without blank text
     */
    record Outcome(InterpreterResult.Code code, List<InterpreterResultMessage> shown) {
        /** Whether the cell shows something of a type in which a text stands. */
        boolean shows(InterpreterResult.Type type, String part) {
            return shown.stream()
                    .anyMatch(m -> m.getType() == type && m.getData().contains(part));
        }
    }

    Cells(Properties properties) {
        scala = new ScalaInterpreter(properties);
        text = new TextInterpreter(properties);
        scala.open();
        text.open();
    }

    /** The settings of a local Spark with two slots. */
    static Properties local() {
        return properties("local[2]");
    }

    /** The settings of two executors in processes of their own. */
    static Properties cluster() {
        Locale locale = Locale.getDefault();
        Properties p = properties("local-cluster[2,1,1024]");
        p.setProperty("spark.executor.extraClassPath", System.getProperty("java.class.path"));
        p.setProperty("spark.executorEnv.SPARK_SCALA_VERSION", "2.13");
        p.setProperty("spark.executorEnv.SPARK_TESTING", "1");
        p.setProperty("spark.executor.memory", "640m");
        p.setProperty(
                "spark.executor.extraJavaOptions",
                "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Duser.language=%s -Duser.country=%s"
                        .formatted(locale.getLanguage(), locale.getCountry()));
        p.setProperty("spark.scheduler.minRegisteredResourcesRatio", "1.0");
        p.setProperty("spark.scheduler.maxRegisteredResourcesWaitingTime", "60s");
        return p;
    }

    private static Properties properties(String master) {
        Properties p = new Properties();
        p.setProperty("spark.master", master);
        p.setProperty("spark.app.name", "notes");
        p.setProperty("spark.ui.enabled", "false");
        p.setProperty("spark.driver.host", "127.0.0.1");
        p.setProperty("spark.sql.shuffle.partitions", "2");
        p.setProperty("spark.kiln.home", Note.root().toString());
        return p;
    }

    Outcome run(Note.Paragraph paragraph, String id) throws InterpreterException, IOException {
        return run(paragraph, id, new InterpreterOutput());
    }

    Outcome run(Note.Paragraph paragraph, String id, InterpreterOutput output)
            throws InterpreterException, IOException {
        InterpreterContext context = context(id, output);
        Interpreter interpreter = paragraph.interpreter().equals("md") ? text : scala;
        InterpreterContext.set(context);
        InterpreterResult result;
        try {
            result = interpreter.interpret(paragraph.code(), context);
        } finally {
            InterpreterContext.remove();
        }
        output.flush();
        List<InterpreterResultMessage> shown = output.toInterpreterResultMessage();
        shown.addAll(result.message());
        return new Outcome(
                result.code(),
                shown.stream().filter(m -> !m.getData().isBlank()).toList());
    }

    /** Does what Zeppelin does when somebody cancels a paragraph. */
    void cancel(String id) {
        scala.cancel(context(id, new InterpreterOutput()));
    }

    private static InterpreterContext context(String id, InterpreterOutput output) {
        return InterpreterContext.builder()
                .setNoteId("note")
                .setParagraphId(id)
                .setInterpreterOut(output)
                .build();
    }

    @Override
    public void close() {
        scala.close();
        text.close();
    }
}
