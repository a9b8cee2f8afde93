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
    void exponentialDecayFallsWithEveryStepDownToItsMinimum() {
        check(new ExponentialDecay(1, 2, 0.25, 0.1), 1, 0.5, 0.25, 0.125, 0.1, 0.1);
    }

    @Test
    void inverseSquareRootPeaksAfterTheWarmUp() {
        check(new InverseSquareRoot(1, 4), 0.25, 0.5, 0.75, 1, Math.sqrt(0.8));
        double atPeak = Math.pow(512, -0.5) * Math.pow(4000, -0.5);
        assertEquals(atPeak, InverseSquareRoot.noam(512, 4000, 1).at(4000), 1e-15);
    }

    @Test
    void cosineRestartsBeginAnewInLongerPeriods() {
        double high = 0.5 + Math.sqrt(0.125);
        double low = 1 - high;
        check(new CosineRestarts(1, 2), 1, 0.5, 1, high, 0.5, low, 1);
        check(new CosineRestarts(1, 2, 1, 0.5, 0), 1, 0.5, 0.5, 0.25, 0.25, 0.125);
        check(new CosineRestarts(1, 2, 2, 0.5, 0.1), 1, 0.55, 0.5, 0.1 + 0.4 * high, 0.3);
        assertEquals(0.5, new CosineRestarts(1, 2, 1, 1, 0).at(Long.MAX_VALUE - 1), 1e-9);
    }

    @Test
    void oneCycleIsThatOfOptax() {
        // optax 0.2.8: [cosine_onecycle_schedule(10, 1.0)(t) for t in range(12)]
        double[] optax = {
            0.040000000000000036,
            0.28,
            0.7599999999999999,
            1.0,
            0.9504846320134737,
            0.8117456539497631,
            0.6112620219362893,
            0.38874197806371075,
            0.18825834605023697,
            0.049519367986526286,
            4e-06,
            4e-06
        };
        check(new OneCycle(1, 10), optax);
    }

    @Test
    void oneScheduleFollowsAnother() {
        check(new Followed(new ConstantRate(0.1), 2, new StepDecay(1, 1, 0.5)), 0.1, 0.1, 1, 0.5, 0.25);
    }

    @Test
    void aPlateauLowersTheRateAndCoolsDown() {
        // optax 0.2.8: reduce_on_plateau(factor=0.5, patience=2, rtol=0.1, cooldown=1), value by value
        double[] values = {4, 3.8, 3, 2.9, 2.8, 2, 2, 2, 2, 2, 2, 2};
        double[] optax = {1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125};
        var settings = new ReduceOnPlateau.Settings(0.5, 2, 0.1, 1, 0);
        ReduceOnPlateau plateau = new ReduceOnPlateau(settings, 1, false);
        for (int i = 0; i < values.length; i++) {
            assertEquals(optax[i], plateau.observe(values[i]), 1e-12, "value " + i);
            ReduceOnPlateau again = new ReduceOnPlateau(settings, 7, false);
            again.restore(plateau.state());
            plateau = again;
        }
        assertEquals(0.1, lowest(new ReduceOnPlateau.Settings(0.5, 1, 0, 0, 0.1)), 1e-12);
    }

    @Test
    void aGrowingMetricIsAPlateauOnlyWhereSmallerIsBetter() {
        var settings = new ReduceOnPlateau.Settings(0.5, 2, 0, 0, 0);
        ReduceOnPlateau accuracy = new ReduceOnPlateau(settings, 1, true);
        ReduceOnPlateau loss = new ReduceOnPlateau(settings, 1, false);
        for (int i = 0; i < 5; i++) {
            accuracy.observe(i);
            loss.observe(i);
        }
        assertEquals(1, accuracy.state().rate());
        assertEquals(0.25, loss.state().rate());
    }

    private static double lowest(ReduceOnPlateau.Settings settings) {
        ReduceOnPlateau plateau = new ReduceOnPlateau(settings, 1, true);
        for (int i = 0; i < 9; i++) {
            plateau.observe(i == 3 ? Double.NaN : 1);
        }
        return plateau.state().rate();
    }

    @Test
    void attributesOutOfRangeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new ConstantRate(-1));
        assertThrows(IllegalArgumentException.class, () -> new StepDecay(1, 0, 0.5));
        assertThrows(IllegalArgumentException.class, () -> new MultiStepDecay(1, List.of(3L, 3L), 0.5));
        assertThrows(IllegalArgumentException.class, () -> new CosineDecay(1, 0));
        assertThrows(IllegalArgumentException.class, () -> new PolynomialDecay(1, 4, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new CosineRestarts(1, 2, 0.5, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> new OneCycle(1, 10, 1, 25, 1e4));
        assertThrows(IllegalArgumentException.class, () -> new InverseSquareRoot(1, 0));
        assertThrows(IllegalArgumentException.class, () -> new ReduceOnPlateau.Settings(0, 1, 0, 0, 0));
    }
}
