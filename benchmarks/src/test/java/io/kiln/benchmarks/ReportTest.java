package io.kiln.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.benchmarks.Workload.Case;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class ReportTest {

    private static final Plan PLAN = new Plan(0, 1, 0, 1);

    private static Result result(Case measured, Set<String> references, Object... pairs) {
        Map<String, Supplier<Contender>> contenders = new LinkedHashMap<>();
        Map<String, Figures> figures = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            contenders.put((String) pairs[i], () -> null);
            if (pairs[i + 1] != null) {
                double median = ((Number) pairs[i + 1]).doubleValue();
                figures.put(
                        (String) pairs[i], new Figures(new Facts("1", 0), median, median, median, median, 1, 1, 0, 0));
            }
        }
        Workload workload = new Workload("w", "title", List.of(measured), contenders, references, Check.SHOWN, PLAN);
        return new Result(workload, measured, figures, List.of());
    }

    @Test
    void theRatioOfADurationIsBestPeerOverKiln() {
        Result result = result(Case.milliseconds("c", "step_ms"), Set.of(), "kiln", 2, "x", 8, "y", 5);
        assertEquals("BENCH w step_ms kiln=2.000 x=8.000 y=5.000 ratio=2.50", Report.line(result));
    }

    @Test
    void theRatioOfARateIsKilnOverBestPeer() {
        Result result = result(Case.rate("c", "rows_per_s", 10), Set.of(), "kiln", 300, "x", 100, "y", 150);
        assertEquals("BENCH w rows_per_s kiln=300.0 x=100.0 y=150.0 ratio=2.00", Report.line(result));
    }

    @Test
    void aReferenceIsShownAndIsNoPeer() {
        Result result = result(Case.rate("c", "rows_per_s", 10), Set.of("y"), "kiln", 300, "x", 100, "y", 350);
        assertEquals("BENCH w rows_per_s kiln=300.0 x=100.0 y=350.0 ratio=3.00", Report.line(result));
    }

    @Test
    void whatIsMissingIsADash() {
        Result result = result(Case.milliseconds("c", "step_ms"), Set.of(), "kiln", null, "x", 8);
        assertEquals("BENCH w step_ms kiln=- x=8.000 ratio=-", Report.line(result));
        assertTrue(Report.markdown(List.of(result), Map.of()).contains("| step_ms | - | x 8.000 | - |"));
    }

    @Test
    void casesCountWhatAStepDoes() {
        assertEquals(2.0, Case.milliseconds("c", "ms").value(0.002), 1e-12);
        assertEquals(2.0, Case.microseconds("c", "us", 1000).value(0.002), 1e-12);
        assertEquals(500.0, Case.rate("c", "n", 1000).value(2), 1e-12);
    }

    @Test
    void quantilesAreLinearBetweenNeighbours() {
        double[] sorted = {1, 2, 3, 10};
        assertEquals(2.5, Figures.quantile(sorted, 0.5), 1e-12);
        assertEquals(10, Figures.quantile(sorted, 1), 1e-12);
        assertEquals(1.3, Figures.quantile(sorted, 0.1), 1e-12);
    }

    @Test
    void numbersHaveFourDigitsAndNoExponent() {
        assertEquals("0.001235", Report.number(0.0012345678));
        assertEquals("1234568", Report.number(1234567.8));
        assertEquals("12.35", Report.number(12.3456));
    }
}
