package io.kiln.spark.ui;

import org.apache.spark.SparkContext;
import org.apache.spark.status.ElementTrackingStore;
import org.apache.spark.ui.SparkUI;

/** Attaches the tab to the UI of an application. */
public final class KilnUi {
    private KilnUi() {}

    /**
     * Attaches the tab, unless the application has no UI or already has the tab. The tab does not show earlier events.
     *
     * @param sc the application
     */
    public static void attach(SparkContext sc) {
        if (sc.ui().isEmpty()) {
            return;
        }
        SparkUI ui = sc.ui().get();
        synchronized (ui) { // a CrossValidator starts several fits at once
            if (!KilnTab.isAttached(ui)) {
                ElementTrackingStore store =
                        (ElementTrackingStore) sc.statusStore().store();
                sc.listenerBus().addToStatusQueue(new FitListener(sc.conf(), store, true));
                KilnTab.attach(ui);
            }
        }
    }
}
