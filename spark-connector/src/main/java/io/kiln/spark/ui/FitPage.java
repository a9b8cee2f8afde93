package io.kiln.spark.ui;

import io.kiln.spark.ui.internal.Html;

/** The page of one fit. */
final class FitPage extends KilnPage {
    FitPage(KilnTab tab) {
        super(tab, Pages.FIT);
    }

    @Override
    Pages.Content content(Pages.Request request) {
        String id = request.parameter("id");
        FitRecord fit = id == null ? null : tab.fit(id);
        if (fit == null) {
            Html none = new Html()
                    .open("div", "class", "k-card k-none")
                    .element("p", "There is no such fit.")
                    .element("p", "Only the newest are kept: see " + FitListener.RETAINED_FITS + ".")
                    .close();
            return Pages.frame("Kiln: unknown fit", none, false);
        }
        Html body = new FitView(fit, System.currentTimeMillis()).body();
        return Pages.frame("Kiln: " + fit.started().uid(), body, fit.isRunning());
    }
}
