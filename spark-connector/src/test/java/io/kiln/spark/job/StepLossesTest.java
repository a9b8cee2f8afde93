package io.kiln.spark.job;

import static io.kiln.spark.report.FitEvent.Steps.MOST_POINTS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.spark.report.LossPoint;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StepLossesTest {
    private static List<LossPoint> points(long steps) {
        StepLosses losses = new StepLosses(steps);
        List<LossPoint> points = new ArrayList<>();
        for (long s = 1; s <= steps; s++) {
            losses.add(s, s);
            if (s % 100 == 0) {
                points.addAll(losses.take());
            }
        }
        points.addAll(losses.take());
        return points;
    }

    @Test
    void fewStepsHaveAPointEach() {
        List<LossPoint> points = points(MOST_POINTS);
        assertEquals(MOST_POINTS, points.size());
        assertEquals(new LossPoint(300, 300), points.get(299));
    }

    @Test
    void manyStepsHavePointsOfSeveral() {
        for (long steps : new long[] {MOST_POINTS + 1, 10_000, 3_000_000}) {
            List<LossPoint> points = points(steps);
            int n = points.size();
            assertTrue(n > MOST_POINTS / 3 && n <= MOST_POINTS, steps + " steps: " + n);
            assertEquals(new LossPoint(16, 16), points.get(15));
            long before = points.get(n - 2).step();
            long last = points.get(n - 1).step();
            assertEquals((2 * steps + MOST_POINTS - 1) / MOST_POINTS, last - before);
            assertEquals((before + 1 + last) / 2.0, points.get(n - 1).loss());
            assertTrue(steps - last < last - before);
        }
    }

    @Test
    void stepsThatSayNothingGiveNoPoint() {
        StepLosses losses = new StepLosses(2);
        losses.add(1, Double.NaN);
        losses.add(2, 0.5);
        assertEquals(List.of(new LossPoint(2, 0.5)), losses.take());
        assertEquals(List.of(), losses.take());
    }
}
