package io.kiln.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.spark.notebook.Images;
import io.kiln.spark.notebook.LiveCurve;
import io.kiln.spark.notebook.LossCurve;
import io.kiln.spark.notebook.Notebook;
import io.kiln.spark.report.EpochListener;
import io.kiln.spark.report.EpochReport;
import io.kiln.view.Diagram;
import io.kiln.view.Summary;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.zeppelin.interpreter.InterpreterContext;
import org.apache.zeppelin.interpreter.InterpreterOutput;
import org.apache.zeppelin.interpreter.InterpreterResult.Type;
import org.apache.zeppelin.interpreter.InterpreterResultMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

/** What cells show, with Zeppelin's own classes of a cell's output. */
class NotebookTest {
    private static final double NONE = Double.NaN;

    private final InterpreterOutput output = new InterpreterOutput();

    private void inCell() {
        InterpreterContext.set(
                InterpreterContext.builder().setInterpreterOut(output).build());
    }

    @AfterEach
    void leaveCell() {
        InterpreterContext.remove();
    }

    /** What the cell shows, without blank text. */
    private List<InterpreterResultMessage> shown() throws Exception {
        output.flush();
        return output.toInterpreterResultMessage().stream()
                .filter(m -> !m.getData().isBlank())
                .toList();
    }

    private static EpochReport epoch(int number, double loss, double validationLoss, double metric) {
        return new EpochReport(
                number,
                10,
                100,
                0.5,
                new EpochReport.Quality(loss, validationLoss, metric),
                new EpochReport.Gradients(0, 0, 1),
                List.of());
    }

    private static Element parsed(String svg) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)))
                .getDocumentElement();
    }

    @Test
    void aCellGetsPicturesAndTextInTheirOrder() throws Exception {
        inCell();
        output.write("before");
        Notebook.show(new Images().add("1 < 2", 1, 2, 0, 1));
        output.write("between\n");
        Sequential network = new Sequential(new Dense(3), new Dense(2));
        Spec input = new Spec(Shape.of(1, 4), DType.FLOAT32);
        Notebook.show(Summary.of(network, input));
        Notebook.show(Diagram.of(network, 1, input));
        List<InterpreterResultMessage> shown = shown();
        assertEquals(
                List.of(Type.TEXT, Type.HTML, Type.TEXT, Type.HTML, Type.HTML),
                shown.stream().map(InterpreterResultMessage::getType).toList());
        assertTrue(shown.get(1).getData().contains("<figcaption>1 &lt; 2</figcaption>"));
        assertEquals("between", shown.get(2).getData().strip());
        assertTrue(shown.get(3).getData().contains("23 parameters are trained"));
        assertTrue(shown.get(4).getData().contains("<svg"));
    }

    @Test
    void aTerminalGetsText() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            Notebook.show(new Images().add("one", 1, 1, 0.5));
        } finally {
            System.setOut(before);
        }
        assertEquals("1 images: one", bytes.toString(StandardCharsets.UTF_8).strip());
    }

    @Test
    void aFitDrawsItsCurveInItsCellAnewAfterEachEpoch() throws Exception {
        inCell();
        List<Integer> told = new ArrayList<>();
        List<String> drawn = new ArrayList<>();
        try (Cluster cluster = Cluster.local(2)) {
            cluster.classifier()
                    .setEpochListener(r -> {
                        told.add(r.epoch());
                        try {
                            shown().forEach(m -> drawn.add(m.getData()));
                        } catch (Exception e) {
                            throw new IllegalStateException(e);
                        }
                    })
                    .fit(cluster.data(200));
        }
        List<InterpreterResultMessage> shown = shown();
        assertEquals(1, shown.size());
        assertEquals(List.of(1, 2, 3), told);
        assertEquals(3, points(shown.get(0).getData()));
        assertEquals(List.of(1, 2), drawn.stream().map(NotebookTest::points).toList());
    }

    private static int points(String html) {
        return html.split("<circle", -1).length - 1;
    }

    @Test
    void aFitIsQuietElsewhereAndWhereItShallBe() {
        EpochListener listener = r -> {};
        assertSame(listener, LiveCurve.beside(listener, true));
        inCell();
        assertSame(listener, LiveCurve.beside(listener, false));
    }

    @Test
    void aCurveHasALineForWhatWasMeasured() throws Exception {
        LossCurve training = new LossCurve(List.of(epoch(1, 2, NONE, NONE), epoch(2, 1, NONE, NONE)), "accuracy");
        Element svg = parsed(training.toSvg());
        assertEquals(1, svg.getElementsByTagName("polyline").getLength());
        assertFalse(svg.getTextContent().contains("validation"));
        LossCurve all = new LossCurve(List.of(epoch(1, 2, 3, 0.5), epoch(2, 1, 2, 0.75)), "a < b");
        assertEquals(3, parsed(all.toSvg()).getElementsByTagName("polyline").getLength());
        assertTrue(parsed(all.toSvg()).getTextContent().contains("validation a < b"));
    }

    @Test
    void aCurveIsDrawnOfNothingOneEpochAndEqualOrEndlessLosses() throws Exception {
        assertNotNull(parsed(new LossCurve(List.of(), "accuracy").toSvg()));
        for (double loss : new double[] {0, 1e-30, 5, Double.POSITIVE_INFINITY, NONE}) {
            String one = new LossCurve(List.of(epoch(1, loss, NONE, NONE)), "accuracy").toSvg();
            String two = new LossCurve(List.of(epoch(1, loss, NONE, NONE), epoch(2, loss, NONE, NONE)), "m").toSvg();
            assertFalse(parsed(one).getTextContent().contains("NaN") || one.contains("NaN"), one);
            assertFalse(two.contains("NaN") || two.contains("Infinity"), two);
        }
    }

    @Test
    void imagesRefuseAWrongNumberOfPixels() {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> new Images().add("a", 2, 2, 0, 1, 1));
        assertEquals("images: expected 2 × 2 numbers, got 3", e.getMessage());
    }
}
