package io.kiln.spark.notebook;

import io.kiln.spark.report.EpochListener;
import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.FitEvent;
import java.util.ArrayList;
import java.util.List;

/**
 * Draws the loss curve of a fit in the cell that runs it, and updates it after each epoch.
 *
 * <p>Concurrency: one thread.
 */
public final class LiveCurve implements EpochListener {
    private final EpochListener beside;
    private final List<EpochReport> epochs = new ArrayList<>();
    private ZeppelinCell.Replaceable drawn;
    private String metric = "metric";

    private LiveCurve(EpochListener beside) {
        this.beside = beside;
    }

    /**
     * Adds the curve to a listener if the calling thread runs a Zeppelin cell.
     *
     * @param listener the listener, which is called first
     * @param wanted whether to draw
     * @return the listener, with or without the curve
     */
    public static EpochListener beside(EpochListener listener, boolean wanted) {
        return wanted && ZeppelinCell.current() != null ? new LiveCurve(listener) : listener;
    }

    @Override
    public void happened(FitEvent event) {
        if (event instanceof FitEvent.Started started) {
            metric = started.plan().metric();
        }
        beside.happened(event);
    }

    @Override
    public void epochEnded(EpochReport report) {
        beside.epochEnded(report);
        epochs.add(report);
        String html = new LossCurve(epochs, metric).toHtml();
        ZeppelinCell cell = ZeppelinCell.current();
        if (drawn != null) {
            drawn.replace(html);
        } else if (cell != null) {
            drawn = cell.replaceable(html);
        }
    }
}
