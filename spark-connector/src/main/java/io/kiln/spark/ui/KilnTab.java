package io.kiln.spark.ui;

import java.util.stream.StreamSupport;
import org.apache.spark.ui.SparkUI;
import org.apache.spark.ui.SparkUITab;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The "Kiln" tab. Scala code outside Spark cannot name the classes of Spark's UI, which are {@code private[spark]}; in
 * bytecode they are public, so a tab can be written in Java, without a Kiln class in one of Spark's packages. Scala
 * code calls {@link KilnUi}, whose signature names none of them.
 */
final class KilnTab extends SparkUITab {
    private static final String PREFIX = "kiln";
    private static final String NAME = "Kiln";

    private final SparkUI ui;

    private KilnTab(SparkUI ui) {
        super(ui, PREFIX);
        this.ui = ui;
        attachPage(new FitsPage(this));
        attachPage(new FitPage(this));
    }

    @Override
    public String name() {
        return NAME;
    }

    static void attach(SparkUI ui) {
        ui.attachTab(new KilnTab(ui));
    }

    static boolean isAttached(SparkUI ui) {
        return CollectionConverters.asJava(ui.getTabs()).stream().anyMatch(KilnTab.class::isInstance);
    }

    SparkUI ui() {
        return ui;
    }

    /** The fits, newest first. */
    Iterable<FitRecord> fits() {
        return fits(ui);
    }

    static Iterable<FitRecord> fits(SparkUI ui) {
        try {
            return ui.store()
                    .store()
                    .view(FitRecord.class)
                    .index(FitRecord.BY_TIME)
                    .reverse();
        } catch (Exception e) { // the store's interface declares no other
            throw new IllegalStateException("Kiln's tab cannot read the store of Spark's UI", e);
        }
    }

    /** A fit, or null if the store does not have it. */
    FitRecord fit(String key) {
        return StreamSupport.stream(fits().spliterator(), false)
                .filter(f -> f.key().equals(key))
                .findFirst()
                .orElse(null);
    }
}
