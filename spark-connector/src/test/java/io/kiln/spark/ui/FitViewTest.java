package io.kiln.spark.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.DeviceUsage;
import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.FitEvent;
import io.kiln.spark.ui.internal.Html;
import io.kiln.view.Diagram;
import java.io.StringReader;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class FitViewTest {
    private static final String NASTY = "</td><script>alert('x')</script>\" onload=\"y&<b>";

    /** The content as XML, which each page is as well. */
    private static Document parse(Html body) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader("<div>" + body + "</div>")));
    }

    private static Html view(FitRecord fit) {
        return new FitView(fit, Fits.BEGUN + 60_000).body();
    }

    private static String text(Html body) throws Exception {
        return parse(body).getDocumentElement().getTextContent();
    }

    @Test
    void theMetricOfASingleOutputIsShownOnce() throws Exception {
        EpochReport plain = Fits.epoch(4);
        EpochReport single = new EpochReport(
                plain.epoch(),
                plain.steps(),
                plain.rows(),
                plain.seconds(),
                new EpochReport.Quality(1, 2, 0.75, List.of(new EpochReport.Head("stars", 2, "accuracy", 0.75, 1.0))),
                plain.gradients(),
                plain.workers());
        assertTrue(single.isReported(single.heads().get(0), "accuracy"));
        assertFalse(single.isReported(single.heads().get(0), "mae"));
        String text = text(view(Fits.running(3, single)));
        assertTrue(text.contains("Validation accuracy0.75") && !text.contains("accuracy of stars"), text);
    }

    @Test
    void eachOutputHasItsLossAndMetric() throws Exception {
        EpochReport plain = Fits.epoch(4);
        EpochReport heads = new EpochReport(
                plain.epoch(),
                plain.steps(),
                plain.rows(),
                plain.seconds(),
                new EpochReport.Quality(
                        1,
                        2,
                        2,
                        List.of(
                                new EpochReport.Head("stars", 0.5, "rmse", 0.75, 0.25),
                                new EpochReport.Head("pair", 2, "loss", 2, null))),
                plain.gradients(),
                plain.workers());
        String text = text(view(Fits.running(3, heads)));
        assertTrue(text.contains("Validation loss of stars0.5") && text.contains("Validation rmse of stars0.75"), text);
        assertTrue(text.contains("Training loss of stars0.25") && !text.contains("Training loss of pair"), text);
        assertTrue(
                text.contains("Validation loss of pair2")
                        && !text.contains("Validation loss of pair2after the newest epochValidation loss of pair"),
                text);
    }

    @Test
    void foreignTextStaysText() throws Exception {
        Diagram network = new Diagram(List.of(new Diagram.Box(Diagram.Kind.BLOCK, NASTY, NASTY, NASTY)), List.of());
        FitEvent.Started plain = Fits.started("f", NASTY, NASTY, network);
        FitEvent.Started begun = new FitEvent.Started(
                NASTY, plain.time(), NASTY, Map.of(NASTY, NASTY), plain.plan(), plain.provenance(), network);
        FitRecord fit = Fits.running(3);
        FitRecord nasty = new FitRecord(
                begun,
                fit.step(),
                fit.time(),
                fit.epochs(),
                fit.steps(),
                List.of(new FitEvent.Resubmitted(NASTY, 5, NASTY)),
                new FitEvent.Ended(NASTY, 9, FitEvent.Outcome.FAILED, NASTY, 0));
        for (Html body : List.of(view(nasty), FitsPage.body(List.of(nasty), Fits.BEGUN, f -> "?id=" + f.key()))) {
            Document page = parse(body);
            assertEquals(
                    "0",
                    XPathFactory.newInstance()
                            .newXPath()
                            .evaluate("count(//script | //@*[starts-with(name(), 'on')])", page));
            assertTrue(page.getDocumentElement().getTextContent().contains(NASTY));
        }
    }

    @Test
    void aFitThatHasJustBegunHasNoNumbersYet() throws Exception {
        String text = text(view(Fits.running(0)));
        assertTrue(text.contains("running") && text.contains("0 of 10"), text);
        assertTrue(text.contains("no values yet") && text.contains("no epoch has ended yet"), text);
        assertFalse(text.contains("NaN"), text);
    }

    @Test
    void aRunningFitTellsHowLongItTakesStill() throws Exception {
        String text = text(view(Fits.running(4)));
        assertTrue(text.contains("about 7.5 s left"), text); // 300 steps of 25 ms
        assertTrue(text.contains("4 of 10"), text);
        assertTrue(text.contains("0.8750"), text); // the accuracy
    }

    @Test
    void theMemoryOfDevicesIsShownWhereTheyAreNotTheCpu() throws Exception {
        assertFalse(text(view(Fits.running(1))).contains("Device memory"));
        EpochReport.WorkerReport onCpu = Fits.worker(0.1, 1, 0.1);
        EpochReport.WorkerReport onGpu = new EpochReport.WorkerReport(
                "7",
                0.1,
                1,
                0.1,
                1 << 20,
                1 << 20,
                new EpochReport.DeviceMemory("cuda(3)", 1 << 20, 2 << 20, 64 << 20, new DeviceUsage(0.875, 3, 4)));
        String text = text(view(Fits.running(1, Fits.epoch(2, 0, 0, onCpu, onGpu))));
        assertTrue(text.contains("Device memory: now, peak, budget"), text);
        assertTrue(text.contains("cuda(3)1.0 MiB, 2.0 MiB, 64.0 MiB88 %"), text);
    }

    @Test
    void aFailedFitTellsWhy() throws Exception {
        String text = text(view(Fits.ended(Fits.running(2), FitEvent.Outcome.FAILED, "the loss is NaN", 0)));
        assertTrue(text.contains("failed") && text.contains("the loss is NaN"), text);
    }

    @Test
    void theListHasFitsByState() throws Exception {
        assertTrue(text(FitsPage.body(List.of(), 0, FitRecord::key)).contains("No fits yet."));
        FitRecord ended = Fits.ended(Fits.running(10), FitEvent.Outcome.FINISHED, "", 9);
        String text = text(FitsPage.body(List.of(Fits.running(1), ended, ended), Fits.BEGUN, FitRecord::key));
        assertTrue(text.contains("Running (1)") && text.contains("Ended (2)"), text);
    }
}
