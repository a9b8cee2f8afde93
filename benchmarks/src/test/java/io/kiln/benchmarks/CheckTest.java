package io.kiln.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CheckTest {

    private static Map<String, double[]> checks(double[] first, double[] second) {
        Map<String, double[]> checks = new LinkedHashMap<>();
        checks.put("a", first);
        checks.put("b", second);
        return checks;
    }

    @Test
    void lossesThatBeginAlikeAndFallAreGood() {
        assertEquals(
                List.of(),
                Check.LOSS_FALLS.faults(checks(new double[] {2.3, 1.5, 0.2}, new double[] {2.3001, 0.9, 0.1})));
    }

    @Test
    void aLossThatDoesNotFallIsAFault() {
        List<String> faults = Check.LOSS_FALLS.faults(checks(new double[] {2.3, 0.2}, new double[] {2.3, 2.3}));
        assertEquals(1, faults.size());
        assertTrue(faults.get(0).startsWith("b: loss did not fall"), faults.get(0));
    }

    @Test
    void aLossThatIsNotANumberIsAFault() {
        assertEquals(
                1,
                Check.LOSS_FALLS
                        .faults(checks(new double[] {2.3, 0.2}, new double[] {2.3, Double.NaN}))
                        .size());
    }

    @Test
    void lossesThatBeginDifferentlyAreAFault() {
        List<String> faults = Check.LOSS_FALLS.faults(checks(new double[] {2.3, 0.2}, new double[] {2.4, 0.2}));
        assertEquals(1, faults.size());
        assertTrue(faults.get(0).startsWith("step 0:"), faults.get(0));
    }

    @Test
    void theSameMeansEveryStepThatBothTook() {
        assertEquals(List.of(), Check.SAME.faults(checks(new double[] {1, 2, 3}, new double[] {1, 2})));
        assertEquals(
                1,
                Check.SAME
                        .faults(checks(new double[] {1, 2}, new double[] {1, 2.1}))
                        .size());
    }
}
