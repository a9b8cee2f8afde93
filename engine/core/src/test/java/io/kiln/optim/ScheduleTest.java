package io.kiln.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class ScheduleTest {
    private static void check(Schedule s, double... rates) {
        for (int t = 1; t <= rates.length; t++) {
            assertEquals(rates[t - 1], s.at(t), 1e-12, s + " at " + t);
        }
    }

    @Test
    void stepDecayMultipliesEveryIntervalDownToItsMinimum() {
        check(new StepDecay(0.8, 2, 0.5, 0.15), 0.8, 0.8, 0.4, 0.4, 0.2, 0.2, 0.15, 0.15);
    }

    @Test
    void multiStepDecayMultipliesAfterEachMilestone() {
        check(new MultiStepDecay(1, List.of(2L, 3L), 0.1), 1, 1, 0.1, 0.01, 0.01);
    }

    @Test
    void polynomialDecayEndsAtTheFinalRate() {
        check(new PolynomialDecay(1, 4, 2, 0), 1, 0.5625, 0.25, 0.0625, 0, 0);
        check(new PolynomialDecay(1, 2, 1, 0.5), 1, 0.75, 0.5, 0.5);
    }

    @Test
    void cosineDecayIsHalfwayInTheMiddle() {
        check(new CosineDecay(1, 4, 0.2), 1, 0.6 + 0.4 * Math.sqrt(0.5), 0.6, 0.6 - 0.4 * Math.sqrt(0.5), 0.2, 0.2);
    }

    @Test
    void warmUpRisesAlongALineToTheNextSchedule() {
        check(new WarmUp(4, 0.2, new StepDecay(1, 1, 0.5)), 0.2, 0.4, 0.6, 0.8, 1, 0.5, 0.25);
    }

    @Test
    void attributesOutOfRangeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new ConstantRate(-1));
        assertThrows(IllegalArgumentException.class, () -> new StepDecay(1, 0, 0.5));
        assertThrows(IllegalArgumentException.class, () -> new MultiStepDecay(1, List.of(3L, 3L), 0.5));
        assertThrows(IllegalArgumentException.class, () -> new CosineDecay(1, 0));
        assertThrows(IllegalArgumentException.class, () -> new PolynomialDecay(1, 4, 0, 0));
    }
}
