package io.kiln.spark.ui;

import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Shows the tab from the start of the application instead of from its first fit:
 * {@code --conf spark.plugins=io.kiln.spark.ui.KilnPlugin}. Nothing else needs it.
 */
public final class KilnPlugin implements SparkPlugin {
    /** Called by Spark, which creates it by name. */
    public KilnPlugin() {}

    @Override
    public DriverPlugin driverPlugin() {
        return new DriverPlugin() {
            @Override
            public Map<String, String> init(SparkContext sc, PluginContext context) {
                KilnUi.attach(sc);
                return Map.of();
            }
        };
    }

    /** {@return null: there is nothing to do on executors} */
    @Override
    public ExecutorPlugin executorPlugin() {
        return null;
    }
}
