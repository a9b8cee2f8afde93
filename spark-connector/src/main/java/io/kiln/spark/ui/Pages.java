package io.kiln.spark.ui;

import io.kiln.spark.report.FitEvent;
import io.kiln.spark.ui.internal.Html;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.xml.Node;
import scala.xml.Unparsed;

/** Common parts of the tab's pages: frame, style, and the display of states. */
final class Pages {
    static final String FIT = "fit";
    private static final String LIVE_MILLIS = "2000";
    private static final String STYLE = resource("kiln.css");
    private static final String SCRIPT = resource("kiln.js");

    private Pages() {}

    private static String resource(String name) {
        try (InputStream in = Pages.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(name, e);
        }
    }

    /**
     * Returns what a page shows.
     *
     * @param title its title
     * @param body what stands below the title
     * @param live whether the page updates itself
     */
    static Content frame(String title, Html body, boolean live) {
        Html html = new Html().open("style").markup(STYLE).close();
        html = live ? html.open("div", "id", "kiln", "data-live", LIVE_MILLIS) : html.open("div", "id", "kiln");
        html.add(body).close().open("script").markup(SCRIPT).close();
        Seq<Node> nodes = CollectionConverters.asScala(List.<Node>of(new Unparsed(html.toString())))
                .toSeq();
        return new Content(title, nodes);
    }

    /**
     * What a page shows.
     *
     * @param title its title
     * @param nodes what stands below the title
     */
    record Content(String title, Seq<Node> nodes) {}

    /**
     * What a browser asks for, whatever package the servlet's classes are in.
     *
     * @param parameters the value of a parameter, or null
     * @param addresses the address of a path of the UI, behind a proxy too
     */
    record Request(UnaryOperator<String> parameters, UnaryOperator<String> addresses) {
        String parameter(String name) {
            return parameters.apply(name);
        }

        /** The address of a fit's page. */
        String linkTo(KilnTab tab, FitRecord fit) {
            return addresses.apply("/" + tab.prefix() + "/" + FIT + "/") + "?id="
                    + URLEncoder.encode(fit.key(), StandardCharsets.UTF_8);
        }
    }

    static Html state(FitRecord fit) {
        FitEvent.Ended end = fit.ended();
        String name = end == null ? "running" : end.outcome().name().toLowerCase(Locale.ROOT);
        return new Html().element("span", name, "class", "k-state k-" + name);
    }

    /** The progress of a fit, as a bar with the number of epochs. */
    static Html progress(FitRecord fit) {
        double part = fit.allSteps() == 0 ? 0 : Math.min(1, (double) fit.step() / fit.allSteps());
        int epoch = fit.newest() == null ? 0 : fit.newest().epoch();
        String width = String.format(Locale.ROOT, "width:%.1f%%", 100 * part);
        return new Html()
                .open("span", "class", "k-progress")
                .element(
                        "span",
                        epoch + " of " + fit.started().provenance().settings().maxEpochs())
                .open("span", "class", "k-track")
                .open("span", "class", "k-fill", "style", width)
                .close()
                .close()
                .close();
    }
}
