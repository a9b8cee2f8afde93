package io.kiln.notes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.notes.Cells.Outcome;
import io.kiln.notes.Note.Paragraph;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.sql.SparkSession;
import org.apache.zeppelin.interpreter.InterpreterOutput;
import org.apache.zeppelin.interpreter.InterpreterOutputListener;
import org.apache.zeppelin.interpreter.InterpreterResult.Code;
import org.apache.zeppelin.interpreter.InterpreterResult.Type;
import org.apache.zeppelin.interpreter.InterpreterResultMessageOutput;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs the notes paragraph by paragraph, one after the other in one shell, as an interpreter of Zeppelin does. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NotesTest {
    private Cells cells;

    @BeforeAll
    void open() {
        cells = new Cells(Cells.local());
    }

    @AfterAll
    void close() {
        cells.close();
    }

    static List<Note> notes() throws IOException {
        return Note.all();
    }

    private void run(Note note) throws Exception {
        for (int i = 0; i < note.paragraphs().size(); i++) {
            Paragraph p = note.paragraphs().get(i);
            Outcome outcome = cells.run(p, "%s-%d".formatted(note.id(), i));
            assertEquals(Code.SUCCESS, outcome.code(), () -> p.text() + "\n" + outcome.shown());
            if (p.shows()) {
                assertTrue(outcome.shows(Type.HTML, "<") || outcome.shows(Type.TABLE, "\t"), p::text);
            }
            if (p.fits()) {
                assertTrue(outcome.shows(Type.HTML, "training loss"), () -> p.text() + ": no curve while it fits");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("notes")
    void aNoteRunsTwiceAndLeavesNothing(Note note) throws Exception {
        run(note);
        nothingIsLeft();
        run(note);
    }

    @Test
    void aParagraphThatFailsIsToldAsOne() throws Exception {
        Outcome outcome = cells.run(new Paragraph("spark", "assert(1 == 2)"), "fails");
        assertEquals(Code.ERROR, outcome.code());
        assertTrue(outcome.shows(Type.TEXT, "assertion failed"), outcome::toString);
    }

    @Test
    void aCancelledFitEndsAndLeavesNothing() throws Exception {
        String prepare =
                """
                import io.kiln.ml.NetClassifier
                import io.kiln.nn.Dense
                val train = Seq.tabulate(200)(i => (Array(i % 2.0, 1.0), i % 2)).toDF("features", "label").repartition(2)
                val classifier = new NetClassifier().setNetwork(new Dense(2)).setMaxEpochs(1000000).setNumWorkers(2)
                """;
        assertEquals(
                Code.SUCCESS,
                cells.run(new Paragraph("spark", prepare), "prepare").code());
        List<String> before = files();
        FirstOutput curve = new FirstOutput();
        CompletableFuture<Outcome> fit = new CompletableFuture<>();
        new Thread(() -> {
                    try {
                        fit.complete(cells.run(
                                new Paragraph("spark", "classifier.fit(train)"), "fit", new InterpreterOutput(curve)));
                    } catch (Exception e) {
                        fit.completeExceptionally(e);
                    }
                })
                .start();
        assertTrue(curve.written.await(2, TimeUnit.MINUTES), "the fit shows no curve");
        cells.cancel("fit");
        Outcome outcome = fit.get(2, TimeUnit.MINUTES);
        assertEquals(Code.ERROR, outcome.code());
        assertTrue(outcome.shows(Type.HTML, "training loss"), outcome::toString);
        assertTrue(outcome.shows(Type.TEXT, "cancelled"), outcome::toString);
        nothingIsLeft();
        assertEquals(before, files());
    }

    /** Tells when a cell has got something to show. */
    private static final class FirstOutput implements InterpreterOutputListener {
        private final CountDownLatch written = new CountDownLatch(1);

        @Override
        public void onUpdateAll(InterpreterOutput output) {
            written.countDown();
        }

        @Override
        public void onAppend(int index, InterpreterResultMessageOutput output, byte[] line) {
            written.countDown();
        }

        @Override
        public void onUpdate(int index, InterpreterResultMessageOutput output) {
            written.countDown();
        }
    }

    /** Files in Spark's local directories; those of a shuffle stay until the garbage collector has found their RDD. */
    private static List<String> files() {
        List<String> names = new ArrayList<>();
        SparkEnv.get().blockManager().diskBlockManager().getAllFiles().foreach(file -> names.add(file.getName()));
        return names.stream().filter(n -> !n.startsWith("shuffle_")).sorted().toList();
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        SparkContext sc = SparkSession.active().sparkContext();
        sc.listenerBus().waitUntilEmpty(60_000);
        assertEquals(0, sc.statusTracker().getActiveJobIds().length, "jobs");
        assertTrue(sc.getPersistentRDDs().isEmpty(), () -> "kept rows: " + sc.getPersistentRDDs());
        Set<String> threads = kilnThreads();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!threads.isEmpty() && System.nanoTime() < deadline) { // some end only a moment after the fit
            threads = kilnThreads();
        }
        assertEquals(Set.of(), threads);
    }

    /** Kiln's threads but those of OpenMP, which stay for what the driver computes next. */
    private static Set<String> kilnThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(n -> n.startsWith("kiln") && !n.equals("kiln-openmp"))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
