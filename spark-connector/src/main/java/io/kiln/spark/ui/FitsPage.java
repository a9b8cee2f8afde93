package io.kiln.spark.ui;

import io.kiln.spark.report.EpochReport;
import io.kiln.spark.ui.internal.Format;
import io.kiln.spark.ui.internal.Html;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The list of an application's fits. */
final class FitsPage extends KilnPage {
    FitsPage(KilnTab tab) {
        super(tab, "");
    }

    @Override
    Pages.Content content(Pages.Request request) {
        List<FitRecord> fits = new ArrayList<>();
        tab.fits().forEach(fits::add);
        Html body = body(fits, System.currentTimeMillis(), f -> request.linkTo(tab, f));
        return Pages.frame("Kiln", body, tab.ui().sc().isDefined());
    }

    /** The content of the page. */
    static Html body(List<FitRecord> fits, long now, Function<FitRecord, String> link) {
        if (fits.isEmpty()) {
            return new Html()
                    .open("div", "class", "k-card k-none")
                    .element("p", "No fits yet.")
                    .element("p", "A fit appears here once its rows are packed and its workers start training.")
                    .close();
        }
        Html html = new Html();
        table(html, "Running", fits.stream().filter(FitRecord::isRunning).toList(), now, link);
        table(html, "Ended", fits.stream().filter(f -> !f.isRunning()).toList(), now, link);
        return html;
    }

    private static void table(
            Html html, String title, List<FitRecord> fits, long now, Function<FitRecord, String> link) {
        if (fits.isEmpty()) {
            return;
        }
        html.element("h4", title + " (" + fits.size() + ")");
        html.open("div", "class", "k-card k-scroll").open("table", "class", "k-table");
        html.open("thead").open("tr");
        for (String h : List.of("Fit", "State", "Begun", "Took", "Epochs")) {
            html.element("th", h);
        }
        html.element("th", "Loss", "class", "k-right").element("th", "");
        for (String h : List.of("Validation loss", "Metric", "Rows/s", "Warnings")) {
            html.element("th", h, "class", "k-right");
        }
        html.close().close().open("tbody");
        for (FitRecord f : fits) {
            row(html, f, now, link.apply(f));
        }
        html.close().close().close();
    }

    private static void row(Html html, FitRecord f, long now, String link) {
        EpochReport e = f.newest();
        int warnings = Warnings.of(f).size();
        html.open("tr");
        html.open("td").element("a", f.started().uid(), "href", link).close();
        html.open("td").add(Pages.state(f)).close();
        html.element("td", Format.time(f.started().time()), "class", "k-time");
        html.element("td", Format.duration(f.duration(now)), "class", "k-time");
        html.open("td").add(Pages.progress(f)).close();
        html.element("td", Format.number(e == null ? Double.NaN : e.loss()), "class", "k-number");
        html.open("td")
                .add(Chart.spark(f.epochs().stream().map(EpochReport::loss).toList()))
                .close();
        html.element("td", Format.number(e == null ? Double.NaN : e.validationLoss()), "class", "k-number");
        html.open("td", "class", "k-number");
        if (e != null && Double.isFinite(e.metric())) {
            html.element("span", f.started().plan().metric(), "class", "k-muted")
                    .text(" " + Format.number(e.metric()));
        } else {
            html.text("–");
        }
        html.close();
        html.element("td", e == null ? "–" : Format.count(e.samplesPerSecond()), "class", "k-number");
        html.element(
                "td", warnings == 0 ? "–" : "⚠ " + warnings, "class", warnings == 0 ? "k-number" : "k-number k-warn");
        html.close();
    }
}
