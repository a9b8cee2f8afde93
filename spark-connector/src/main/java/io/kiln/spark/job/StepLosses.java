package io.kiln.spark.job;

import io.kiln.spark.report.FitEvent;
import io.kiln.spark.report.LossPoint;
import java.util.ArrayList;
import java.util.List;

/**
 * Losses of one worker's steps, averaged over neighbouring steps if there are many: each of the first steps has its own
 * point, so that something is visible soon; later points are further and further apart, up to an even distance. However
 * long a fit is, it has at most {@link FitEvent.Steps#MOST_POINTS} points.
 *
 * <p>Concurrency: one thread.
 */
final class StepLosses {
    private static final int MOST = FitEvent.Steps.MOST_POINTS;
    private static final int GROWTH = 16;

    private final long widest;
    private long due;
    private List<LossPoint> points = new ArrayList<>();
    private double sum;
    private int count;

    StepLosses(long steps) {
        widest = steps <= MOST ? 1 : (2 * steps + MOST - 1) / MOST;
    }

    /** Records a step's loss; NaN or infinite if the step has no meaningful loss. */
    void add(long step, double loss) {
        if (Double.isFinite(loss)) {
            sum += loss;
            count++;
        }
        if (step >= due) {
            if (count > 0) {
                points.add(new LossPoint(step, sum / count));
            }
            due = step + Math.min(widest, Math.max(1, step / GROWTH));
            sum = 0;
            count = 0;
        }
    }

    /** Returns the points since the last call. */
    List<LossPoint> take() {
        List<LossPoint> taken = points;
        points = new ArrayList<>();
        return taken;
    }
}
