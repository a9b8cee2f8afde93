package io.kiln.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.benchmarks.Workload.Case;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("core")
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
                        (String) pairs[i],
                        new Figures(
                                new Facts("1", 0),
                                new Figures.Spread(median, median, median, median),
                                1,
                                1,
                                new Figures.Checks(0, 0),
                                Inside.UNKNOWN));
            }
        }
        Workload workload =
                new Workload("w", "title", List.of(measured), contenders, references, Check.SHOWN, PLAN, true);
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
    }

    private static Result withInside(Inside kiln, Inside eager, Inside peer) {
        Result plain =
                result(Case.milliseconds("c", "step_ms"), Set.of("kiln-eager"), "kiln", 2, "kiln-eager", 4, "x", 8);
        Map<String, Figures> figures = new LinkedHashMap<>();
        Map<String, Inside> insides = Map.of("kiln", kiln, "kiln-eager", eager, "x", peer);
        plain.figures()
                .forEach((name, f) ->
                        figures.put(name, new Figures(f.facts(), f.spread(), 1, 1, f.checks(), insides.get(name))));
        return new Result(plain.workload(), plain.measured(), figures, List.of());
    }

    private static Inside resident(double mib) {
        return Inside.of(mib, Optional.empty(), Double.NaN, 1);
    }

    @Test
    void theInsideOfStepsHasLinesOfItsOwn() {
        Inside kiln = Inside.of(60, Optional.of(new Insight(0.3, 200, 12.5)), 0.75, 0.002);
        List<String> lines = Report.lines(withInside(kiln, resident(90), resident(150)));
        assertEquals(
                List.of(
                        "BENCH w step_ms kiln=2.000 kiln-eager=4.000 x=8.000 ratio=4.00",
                        "BENCH w internal_MiB kiln=12.50",
                        "BENCH w onednn_share kiln=0.7500",
                        "BENCH w peak_GFLOPs kiln=200.0",
                        "BENCH w peak_share kiln=0.7500",
                        "BENCH w resident_MiB kiln=60.00 kiln-eager=90.00 x=150.0 ratio=2.50",
                        "BENCH w step_GFLOP kiln=0.3000"),
                lines);
    }

    @Test
    void theShareOfThePeakIsThatOfTheTimedSteps() {
        Inside known = Inside.of(1, Optional.of(new Insight(6, 200, 1)), 0.5, 0.1);
        assertEquals(0.3, known.peakShare(), 1e-12);
        assertTrue(Double.isNaN(Inside.of(1, Optional.empty(), 0.5, 0.1).peakShare()));
    }

    @Test
    void linesOfOneDnnsProfileAreSummedAndOthersAreNot() {
        String call = "onednn_verbose,v1,primitive,exec,cpu,matmul,brg:avx512_core,undef,src:f32,,,8x8:8x8,0.25";
        assertEquals(0.00025, ContenderProcess.oneDnnSeconds(call), 1e-12);
        assertEquals(0, ContenderProcess.oneDnnSeconds("onednn_verbose,v1,primitive,create:cache_hit,cpu,matmul,,3.5"));
        assertEquals(0, ContenderProcess.oneDnnSeconds("onednn_verbose,v1,info,template:operation,exec,exec_time"));
        assertEquals(0, ContenderProcess.oneDnnSeconds("@contender block 1,2 3,4 1.5"));
    }

    @Test
    void aRatioToANamedContenderHasALineOfItsOwn() {
        Case measured = Case.milliseconds("c", "ms").aim(Aim.over("y", 0.7), Aim.over("z", 3));
        List<String> lines = Report.lines(result(measured, Set.of(), "kiln", 4, "x", 8, "y", 3));
        assertEquals(
                List.of(
                        "BENCH w ms kiln=4.000 x=8.000 y=3.000 ratio=0.75",
                        "BENCH w ms_to_y kiln=4.000 y=3.000 ratio=0.75",
                        "BENCH w ms_to_z kiln=4.000 z=- ratio=-"),
                lines);
    }

    @Test
    void aimsSayWhetherTheyAreMetAndNothingWhereAFigureIsMissing() {
        Result result = result(Case.milliseconds("c", "ms"), Set.of(), "kiln", 4, "x", 8, "y", 6);
        assertEquals(Optional.of(true), Aim.overBest(1.5).isMet(result));
        assertEquals(Optional.of(false), Aim.overBest(1.8).isMet(result));
        assertEquals(Optional.of(true), Aim.over("x", 2).isMet(result));
        assertEquals(Optional.empty(), Aim.over("z", 2).isMet(result));
        assertEquals(Optional.of(true), Aim.atMost(4).isMet(result));
        assertEquals(Optional.of(false), Aim.atMost(3.9).isMet(result));
    }

    @Test
    void anAmountIsWhatTheStepsReturnAndNotTheirTime() {
        Case measured = Case.amount("c", "MiB");
        Figures f = Figures.of(
                measured,
                new Facts("1", 0),
                new double[] {9, 9, 9},
                new double[] {30, 10, 20},
                new double[] {5, 30, 10, 20},
                1,
                Inside.UNKNOWN);
        assertEquals(20, f.median());
        assertEquals(10, f.spread().best());
        assertEquals(2, measured.ratio(10, 20));
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
