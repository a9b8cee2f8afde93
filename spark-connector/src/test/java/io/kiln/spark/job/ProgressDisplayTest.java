package io.kiln.spark.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.spark.report.FitEvent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import org.junit.jupiter.api.Test;

class ProgressDisplayTest {
    @Test
    void eightyColumnsHoldStepsTimeEpochAndLossInTheSamePlaces() {
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        for (long steps : new long[] {1, 9_999, 12_000}) {
            try (ProgressDisplay display =
                    ProgressDisplay.to(new DelegatingProgressBarConsumer(lines::add, 79), 12, 1000, 32)) {
                display.on(new FitEvent.Steps("f", 1000, 0, 2.5, List.of()));
                display.on(new FitEvent.Steps("f", 3000, steps, steps == 1 ? 2.3026 : 3.21e-5, List.of()));
            }
        }
        List<String> last = lines.stream().filter(line -> line.contains("loss")).toList();
        assertTrue(
                last.stream().anyMatch(line -> line.contains("1/12000") && line.contains("epoch  1 loss 2.30")),
                last::toString);
        String end = last.get(last.size() - 1);
        assertTrue(end.contains("12000/12000") && end.contains("epoch 12 loss 3.21e-05"), end);
        for (String line : last) {
            assertTrue(line.length() <= 79, line);
            assertTrue(line.contains(" rows/s"), line);
            assertEquals(last.get(0).indexOf("loss"), line.indexOf("loss"), line);
        }
    }
}
