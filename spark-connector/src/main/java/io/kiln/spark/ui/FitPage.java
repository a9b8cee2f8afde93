package io.kiln.spark.ui;

import io.kiln.spark.ui.internal.Html;
import jakarta.servlet.http.HttpServletRequest;
import org.apache.spark.ui.WebUIPage;
import scala.collection.immutable.Seq;
import scala.xml.Node;

/** The page of one fit. */
final class FitPage extends WebUIPage {
    private final KilnTab tab;

    FitPage(KilnTab tab) {
        super(Pages.FIT);
        this.tab = tab;
    }

    @Override
    public Seq<Node> render(HttpServletRequest request) {
        String id = request.getParameter("id");
        FitRecord fit = id == null ? null : tab.fit(id);
        if (fit == null) {
            Html none = new Html()
                    .open("div", "class", "k-card k-none")
                    .element("p", "There is no such fit.")
                    .element("p", "Only the newest are kept: see " + FitListener.RETAINED_FITS + ".")
                    .close();
            return Pages.frame(request, "Kiln: unknown fit", tab, none, false);
        }
        Html body = new FitView(fit, System.currentTimeMillis()).body();
        return Pages.frame(request, "Kiln: " + fit.started().uid(), tab, body, fit.isRunning());
    }
}
