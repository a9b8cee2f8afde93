package io.kiln.spark.ui;

import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.FitEvent;
import io.kiln.spark.report.Provenance;
import io.kiln.spark.ui.internal.Format;
import io.kiln.spark.ui.internal.Html;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The content of a fit's page. */
final class FitView {
    private static final int EPOCH_ROWS = 20;
    private static final List<String> PARTS = List.of("feed", "compute", "exchange");

    private final FitRecord fit;
    private final long now;
    private final FitEvent.Started begun;
    private final Html html = new Html();

    FitView(FitRecord fit, long now) {
        this.fit = fit;
        this.now = now;
        this.begun = fit.started();
    }

    Html body() {
        head();
        facts();
        warnings();
        html.open("div", "class", "k-charts");
        charts();
        html.close();
        workers();
        epochs();
        network();
        html.open("div", "class", "k-columns");
        table("Params", begun.params());
        table("Provenance", provenance());
        html.close();
        return html;
    }

    private void head() {
        html.open("div", "class", "k-head").add(Pages.state(fit)).add(Pages.progress(fit));
        html.element("span", "epochs, started " + Format.time(begun.time()), "class", "k-muted")
                .close();
        if (fit.ended() != null && !fit.ended().message().isEmpty()) {
            html.element("p", fit.ended().message(), "class", "k-card k-message");
        }
    }

    private void facts() {
        EpochReport e = fit.newest();
        html.open("div", "class", "k-facts");
        fact("Training loss", Format.number(e == null ? Double.NaN : e.loss()), "mean of the newest epoch");
        List<EpochReport.Head> heads = e == null ? List.of() : e.heads();
        for (EpochReport.Head h : heads) {
            if (Double.isFinite(h.trainingLoss())) {
                fact("Training loss of " + h.output(), Format.number(h.trainingLoss()), "mean of the newest epoch");
            }
        }
        if (begun.provenance().data().validationRows() > 0) {
            fact(
                    "Validation loss",
                    Format.number(e == null ? Double.NaN : e.validationLoss()),
                    "after the newest epoch");
            if (e == null || Double.isFinite(e.metric())) {
                String metric = "Validation " + begun.plan().metric();
                fact(metric, Format.number(e == null ? Double.NaN : e.metric()), "after the newest epoch");
            }
            for (EpochReport.Head h : heads) {
                fact("Validation loss of " + h.output(), Format.number(h.loss()), "after the newest epoch");
                if (h.hasMetric() && !e.isReported(h, begun.plan().metric())) {
                    fact("Validation " + h.metricOf(), Format.number(h.metric()), "after the newest epoch");
                }
            }
        }
        fact(
                "Speed",
                e == null ? "–" : Format.count(e.samplesPerSecond()) + " rows/s",
                "of all workers, including validation");
        fact("Time", Format.duration(fit.duration(now)), left());
        fact("Parameters", Format.count(begun.plan().parameters()), "trained elements");
        fact(
                "Rows",
                Format.count(begun.provenance().data().trainingRows()),
                Format.bytes(begun.plan().rowBytes()) + " packed");
        fact("Memory of a worker", Format.bytes(begun.plan().workerBytes()), "estimate, without rows");
        html.close();
    }

    private String left() {
        if (fit.ended() != null) {
            return fit.ended().resultEpoch() > 0
                    ? "keeps the weights of epoch " + fit.ended().resultEpoch()
                    : "without a model";
        }
        if (fit.step() == 0) {
            return "begins";
        }
        double perStep = (double) (fit.time() - begun.time()) / fit.step();
        return "about " + Format.duration(perStep * Math.max(0, fit.allSteps() - fit.step())) + " left";
    }

    private void fact(String name, String value, String note) {
        html.open("div", "class", "k-card k-fact").element("span", name, "class", "k-name");
        html.element("b", value).element("span", note, "class", "k-muted").close();
    }

    private void warnings() {
        for (Warnings.Warning w : Warnings.of(fit)) {
            html.open("p", "class", "k-card k-warning").text("⚠ " + w.text() + " ");
            html.element("span", "Rule: " + w.rule() + ".", "class", "k-muted").close();
        }
    }

    private void charts() {
        html.add(new Chart(
                        "Loss by epoch",
                        "epoch",
                        List.of(line("training", EpochReport::loss), line("validation", EpochReport::validationLoss)))
                .draw());
        Chart.Line metric = line(begun.plan().metric(), EpochReport::metric);
        if (!metric.isEmpty()
                || fit.epochs().isEmpty() && begun.provenance().data().validationRows() > 0) {
            html.add(new Chart("Validation " + begun.plan().metric() + " by epoch", "epoch", List.of(metric)).draw());
        }
        List<Chart.Point> steps = fit.steps().stream()
                .map(p -> new Chart.Point(p.step(), p.loss()))
                .toList();
        html.add(new Chart("Loss by step, on worker 0", "step", List.of(new Chart.Line("training", steps))).draw());
        html.add(new Chart(
                        "Speed by epoch, in rows per second",
                        "epoch",
                        List.of(line("all workers", EpochReport::samplesPerSecond)))
                .draw());
    }

    private Chart.Line line(String name, ToDoubleFunction<EpochReport> value) {
        return new Chart.Line(
                name,
                fit.epochs().stream()
                        .map(e -> new Chart.Point(e.epoch(), value.applyAsDouble(e)))
                        .toList());
    }

    private void workers() {
        EpochReport e = fit.newest();
        html.element("h4", "Workers");
        if (e == null || e.workers().isEmpty()) {
            html.open("div", "class", "k-card")
                    .element("p", "no epoch has ended yet", "class", "k-empty")
                    .close();
            return;
        }
        html.open("div", "class", "k-card k-scroll").open("div", "class", "k-legend");
        for (int i = 0; i < PARTS.size(); i++) {
            html.open("span")
                    .element("i", "", "class", "k-swatch k-b" + i)
                    .text(PARTS.get(i))
                    .close();
        }
        html.element("span", "of epoch " + e.epoch(), "class", "k-muted").close();
        html.open("table", "class", "k-table").open("thead").open("tr");
        html.element("th", "Worker").element("th", "Executor").element("th", "Time", "class", "k-wide");
        for (String h : List.of("Feed", "Compute", "Exchange", "Arrays, peak", "Heap")) {
            html.element("th", h, "class", "k-right");
        }
        boolean devices = e.workers().stream().anyMatch(w -> w.device() != null);
        if (devices) {
            html.element("th", "Device")
                    .element("th", "Device memory: now, peak, budget", "class", "k-right")
                    .element("th", "Utilisation", "class", "k-right");
        }
        html.close().close().open("tbody");
        double longest = e.workers().stream()
                .mapToDouble(w -> w.feed() + w.compute() + w.exchange())
                .max()
                .orElseThrow();
        for (int rank = 0; rank < e.workers().size(); rank++) {
            worker(rank, e.workers().get(rank), longest);
            if (devices) {
                device(e.workers().get(rank).device());
            }
            html.close();
        }
        html.close().close().close();
    }

    private void worker(int rank, EpochReport.WorkerReport w, double longest) {
        html.open("tr").element("td", Integer.toString(rank));
        html.element("td", w.executor() == null ? "–" : w.executor());
        html.open("td").open("span", "class", "k-stack");
        double[] parts = {w.feed(), w.compute(), w.exchange()};
        for (int i = 0; i < parts.length; i++) {
            String width = String.format(Locale.ROOT, "width:%.2f%%", longest > 0 ? 100 * parts[i] / longest : 0);
            String title = PARTS.get(i) + " " + Format.duration(1000 * parts[i]);
            html.open("span", "class", "k-b" + i, "style", width, "title", title)
                    .close();
        }
        html.close().close();
        for (double part : parts) {
            html.element("td", Format.duration(1000 * part), "class", "k-number");
        }
        html.element("td", Format.bytes(w.arrayBytes()), "class", "k-number");
        html.element("td", Format.bytes(w.heapBytes()), "class", "k-number");
    }

    private void device(EpochReport.DeviceMemory d) {
        html.element("td", d == null ? "–" : d.name());
        html.element(
                "td",
                d == null
                        ? "–"
                        : Format.bytes(d.liveBytes()) + ", " + Format.bytes(d.peakBytes()) + ", "
                                + Format.bytes(d.budgetBytes()),
                "class",
                "k-number");
        html.element(
                "td",
                d == null || d.usage() == null
                        ? "–"
                        : String.format(Locale.ROOT, "%.0f %%", 100 * d.usage().utilisation()),
                "class",
                "k-number");
    }

    private void epochs() {
        if (fit.epochs().isEmpty()) {
            return;
        }
        List<EpochReport> rows = fit.epochs();
        List<EpochReport> shown = rows.subList(Math.max(0, rows.size() - EPOCH_ROWS), rows.size());
        html.element("h4", rows.size() > shown.size() ? "Newest epochs" : "Epochs");
        html.open("div", "class", "k-card k-scroll")
                .open("table", "class", "k-table")
                .open("thead")
                .open("tr");
        for (String h : List.of(
                "Epoch",
                "Loss",
                "Validation loss",
                begun.plan().metric(),
                "Rows/s",
                "Took",
                "Steps",
                "Clipped",
                "Skipped")) {
            html.element("th", h, "class", "k-right");
        }
        html.close().close().open("tbody");
        for (int i = shown.size() - 1; i >= 0; i--) {
            EpochReport e = shown.get(i);
            html.open("tr");
            for (String cell : List.of(
                    Integer.toString(e.epoch()),
                    Format.number(e.loss()),
                    Format.number(e.validationLoss()),
                    Format.number(e.metric()),
                    Format.count(e.samplesPerSecond()),
                    Format.duration(1000 * e.seconds()),
                    Integer.toString(e.steps()),
                    Integer.toString(e.gradients().clipped()),
                    Integer.toString(e.gradients().skipped()))) {
                html.element("td", cell, "class", "k-number");
            }
            html.close();
        }
        html.close().close().close();
    }

    private void network() {
        html.element("h4", "Network");
        html.open("div", "class", "k-card k-scroll k-network")
                .markup(begun.network().toSvg())
                .close();
    }

    private Map<String, String> provenance() {
        Provenance p = begun.provenance();
        Map<String, String> map = new LinkedHashMap<>();
        map.put("Kiln", p.versions().kiln());
        map.put("Spark", p.versions().spark());
        map.put("Java", p.versions().java());
        map.put("begun", p.fitted());
        map.put("training rows", Long.toString(p.data().trainingRows()));
        map.put("validation rows", Long.toString(p.data().validationRows()));
        map.put("fingerprint of the rows", p.data().dataFingerprint());
        map.put("seed", Long.toString(p.settings().seed()));
        map.put("batch size", Integer.toString(p.settings().batchSize()));
        map.put("epochs, at most", Integer.toString(p.settings().maxEpochs()));
        map.put("workers", Integer.toString(p.settings().workers()));
        map.put("cores per worker", Integer.toString(p.settings().coresPerWorker()));
        map.put("update", p.settings().update());
        return map;
    }

    private void table(String title, Map<String, String> rows) {
        html.open("div")
                .element("h4", title)
                .open("div", "class", "k-card k-scroll")
                .open("table", "class", "k-table");
        rows.forEach((name, value) -> html.open("tr")
                .element("th", name)
                .element("td", value, "class", "k-value")
                .close());
        html.close().close().close();
    }
}
