package io.kiln.notes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.notes.Note.Paragraph;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Notes in a real Zeppelin, with a Spark of two executors. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ZeppelinServerTest {
    private static final String LONG_FIT =
            """
            8 A long fit

            %spark
            import io.kiln.ml.NetClassifier
            import io.kiln.nn.Dense
            val train = Seq.tabulate(200)(i => (Array(i % 2.0, 1.0), i % 2)).toDF("features", "label").repartition(2)
            val classifier = new NetClassifier().setNetwork(new Dense(2)).setMaxEpochs(1000000).setNumWorkers(2)
            classifier.setEpochListener(_ => { new java.io.File("MARKER").createNewFile(); () })

            %spark
            classifier.fit(train)
            """;

    private static final String WHAT_IS_LEFT =
            """
            9 What is left

            %spark
            println(s"${sc.statusTracker.getActiveJobIds().length} jobs, ${sc.getPersistentRDDs.size} kept tables")
            """;

    private ZeppelinServer server;
    private String left;

    @BeforeAll
    void start() throws Exception {
        Path target = Files.createDirectories(Note.folder().resolve("target"));
        server = ZeppelinServer.start(Files.createTempDirectory(target, "zeppelin"), Cells.cluster());
        left = server.add(Note.parse("9-what-is-left.note", WHAT_IS_LEFT).toZpln());
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        String told = server.run(left, server.paragraphs(left).get(0)).toString();
        assertTrue(told.contains("0 jobs, 0 kept tables"), told);
    }

    @AfterAll
    void close() {
        server.close();
    }

    /** All notes; those that define classes or keep state on the cluster once more, as somebody would who has changed a paragraph. */
    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1", "3, 1", "4, 1", "5, 1", "6, 2", "7, 1"})
    void aNoteRuns(int number, int runs) throws Exception {
        Note note = Note.of(number);
        String id = server.add(Files.readString(note.file()));
        List<String> paragraphs = server.paragraphs(id);
        assertEquals(note.paragraphs().size(), paragraphs.size());
        for (int run = 0; run < runs; run++) {
            for (int i = 0; i < paragraphs.size(); i++) {
                Paragraph p = note.paragraphs().get(i);
                JsonNode result = server.run(id, paragraphs.get(i));
                assertEquals("SUCCESS", result.path("code").asText(), () -> p.text() + "\n" + result);
                List<String> types = result.path("msg").findValuesAsText("type");
                assertTrue(
                        !p.shows() || types.contains("HTML") || types.contains("TABLE"),
                        () -> p.text() + "\n" + result);
                assertTrue(!p.fits() || result.toString().contains("training loss"), () -> p.text() + "\n" + result);
            }
        }
    }

    @Test
    void aFitEndsWhenItsParagraphIsCancelledAndItsCurveStays(@TempDir Path folder) throws Exception {
        Path marker = folder.resolve("epoch");
        String source = LONG_FIT.replace("MARKER", marker.toString());
        String note = server.add(Note.parse("8-a-long-fit.note", source).toZpln());
        List<String> paragraphs = server.paragraphs(note);
        JsonNode prepared = server.run(note, paragraphs.get(0));
        assertEquals("SUCCESS", prepared.path("code").asText(), prepared::toString);
        server.begin(note, paragraphs.get(1));
        server.await(note, paragraphs.get(1), p -> Files.exists(marker));
        server.cancel(note, paragraphs.get(1));
        server.await(note, paragraphs.get(1), p -> p.path("status").asText().equals("ABORT"));
        String results = server.paragraph(note, paragraphs.get(1)).toString();
        assertTrue(results.contains("training loss"), results);
    }
}
