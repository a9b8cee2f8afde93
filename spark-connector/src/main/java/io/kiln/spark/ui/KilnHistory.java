package io.kiln.spark.ui;

import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.status.AppHistoryServerPlugin;
import org.apache.spark.status.ElementTrackingStore;
import org.apache.spark.ui.SparkUI;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Shows the tab in the history server, for applications that ran fits. The server finds it through ServiceLoader. */
public final class KilnHistory implements AppHistoryServerPlugin {
    /** Called by the history server. */
    public KilnHistory() {}

    @Override
    public Seq<SparkListener> createListeners(SparkConf conf, ElementTrackingStore store) {
        return CollectionConverters.asScala(List.<SparkListener>of(new FitListener(conf, store, false)))
                .toSeq();
    }

    @Override
    public void setupUI(SparkUI ui) {
        if (KilnTab.fits(ui).iterator().hasNext()) {
            KilnTab.attach(ui);
        }
    }
}
