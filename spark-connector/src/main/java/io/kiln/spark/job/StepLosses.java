package io.kiln.spark.job;

import java.util.ArrayList;
import java.util.List;

/**
 * Losses of one worker's steps, averaged over neighbouring steps if there are many: each of the first steps has its own
 * point, so that something is visible soon; later points are further and further apart, up to an even distance. However
 * long a fit is, it has at most {@link #MOST} points.
 *
 * <p>Concurrency: one thread.
 */
public final class StepLosses {
    /** The maximum number of points of a fit. */
    public static final int MOST = 512;

    private static final int GROWTH = 16;

    private final long widest;
    private long due;
    private List<Point> points = new ArrayList<>();
    private double sum;
    private int count;

    /**
     * Mean loss of neighbouring steps.
     *
     * @param step the last of them, counted from 1 since the fit began
     * @param loss mean of their finite losses
     */
    public record Point(long step, double loss) {}

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
                points.add(new Point(step, sum / count));
            }
            due = step + Math.min(widest, Math.max(1, step / GROWTH));
            sum = 0;
            count = 0;
        }
    }

    /** Returns the points since the last call. */
    List<Point> take() {
        List<Point> taken = points;
        points = new ArrayList<>();
        return taken;
    }
}
