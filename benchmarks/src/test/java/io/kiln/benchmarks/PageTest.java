package io.kiln.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageTest {

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("page.md");
    }

    private static Result result(String workload, int which, double kiln, double mxnet) {
        Workload known = Workloads.named(workload);
        Map<String, Figures> figures = new LinkedHashMap<>();
        Inside inside =
                known.network() ? Inside.of(60, Optional.of(new Insight(0.15, 200, 12.5)), 0.9, 0.001) : Inside.UNKNOWN;
        figures.put("kiln", figures(kiln, inside));
        figures.put("kiln-eager", figures(2 * kiln, Inside.UNKNOWN));
        figures.put(
                "mxnet",
                figures(mxnet, known.network() ? Inside.of(90, Optional.empty(), Double.NaN, 1) : Inside.UNKNOWN));
        return new Result(known, known.cases().get(which), figures, List.of());
    }

    private static Figures figures(double median, Inside inside) {
        return new Figures(
                new Facts("1", 0),
                new Figures.Spread(median, median, median, median),
                1,
                1,
                new Figures.Checks(0, 0),
                inside);
    }

    private String row(String begin) throws IOException {
        return Files.readAllLines(file).stream()
                .filter(line -> line.startsWith("| " + begin + " |"))
                .findFirst()
                .orElse("");
    }

    @Test
    void aRowTellsFiguresAimInsideAndRun() throws IOException {
        Page.write(file, "today: `bench mlp`", List.of(result("mlp", 0, 1, 4)));
        assertEquals(
                "| mlp | step_ms | 1.000 | 2.000 | mxnet 4.000 | 4.00 | 3 | 90 % | 75 % of 200.0 GFLOP/s | 12.50"
                        + " | 60.00; mxnet 90.00 | 1 |",
                row("mlp"));
        assertTrue(Files.readString(file).contains("\n* run 1: today: `bench mlp`\n"));
        assertTrue(Files.readString(file)
                .contains("\n* mlp: " + Workloads.named("mlp").title() + "\n"));
    }

    @Test
    void aRatioThatMissesItsAimIsBold() throws IOException {
        Page.write(file, "r", List.of(result("mlp", 0, 2, 4)));
        assertTrue(row("mlp").contains("| **2.00** | 3 |"), row("mlp"));
    }

    @Test
    void rowsOfOtherWorkloadsStayAndTheirRunsWithThem() throws IOException {
        Page.write(file, "first", List.of(result("lenet", 0, 1, 4), result("mlp", 0, 1, 4)));
        String lenet = row("lenet");
        Page.write(file, "second", List.of(result("mlp", 0, 1, 8)));
        assertEquals(lenet, row("lenet"));
        assertTrue(row("mlp").contains("| mxnet 8.000 |") && row("mlp").endsWith("| 2 |"), row("mlp"));
        assertTrue(Files.readString(file).contains("* run 1: first\n* run 2: second\n"));
    }

    @Test
    void aRunWithoutRowsGoesAndItsNumberIsFree() throws IOException {
        Page.write(file, "first", List.of(result("mlp", 0, 1, 4)));
        Page.write(file, "second", List.of(result("mlp", 0, 1, 5)));
        assertFalse(Files.readString(file).contains("first"));
        Page.write(file, "third", List.of(result("lenet", 0, 1, 5)));
        assertTrue(row("lenet").endsWith("| 1 |") && row("mlp").endsWith("| 2 |"), Files.readString(file));
    }

    @Test
    void rowsStandInTheOrderOfTheWorkloads() throws IOException {
        Page.write(file, "first", List.of(result("allreduce", 1, 1, 4), result("allreduce", 0, 1, 4)));
        Page.write(file, "second", List.of(result("mlp", 0, 1, 4)));
        List<String> rows = Files.readAllLines(file).stream()
                .filter(line -> line.startsWith("| ") && !line.startsWith("| workload"))
                .map(line -> line.split(" \\| ")[1])
                .toList();
        assertEquals(List.of("step_ms", "64MiB_ms", "1MiB_ms"), rows);
    }

    @Test
    void faultsStandWithTheRun() throws IOException {
        Result good = result("mlp", 0, 1, 4);
        Page.write(
                file,
                "r",
                List.of(new Result(good.workload(), good.measured(), good.figures(), List.of("x: it\nfell"))));
        assertTrue(Files.readString(file).contains("* run 1: r; NOT GOOD, mlp: x: it fell\n"));
    }

    @Test
    void theTextAroundTheResultsStays() throws IOException {
        Page.write(file, "r", List.of(result("mlp", 0, 1, 4)));
        Files.writeString(file, "# Head\n\n" + Files.readString(file) + "\nfoot\n");
        Page.write(file, "s", List.of(result("mlp", 0, 1, 5)));
        String page = Files.readString(file);
        assertTrue(page.startsWith("# Head\n\n" + Page.BEGIN + "\n| workload |"), page);
        assertTrue(page.endsWith("* run 2: s\n" + Page.END + "\n\nfoot\n"), page);
    }

    @Test
    void aPageWithoutPlaceForResultsIsRefusedAndStays() throws IOException {
        Files.writeString(file, "precious");
        IOException e = assertThrows(IOException.class, () -> Page.write(file, "r", List.of()));
        assertTrue(e.getMessage().contains(Page.BEGIN), e.getMessage());
        assertEquals("precious", Files.readString(file));
    }

    @Test
    void rowsOfNarrowerInstructionsStandBesideTheOthers() throws IOException {
        Result result = result("mlp", 0, 1, 4);
        Page.write(file, "today: `bench mlp`", List.of(result));
        String name = InstructionSet.AVX2.workload("mlp");
        Page.write(file, "today: `bench mlp --instructions AVX2`", List.of(result.named(name)));
        assertTrue(row("mlp").endsWith("| 1 |"), row("mlp"));
        assertTrue(row("mlp-avx2").endsWith("| 2 |"), row("mlp-avx2"));
    }

    @Test
    void rowsOfProcessorsWithoutAvx512AreNamedSo() {
        assertEquals("mlp-avx2", InstructionSet.NATIVE.row("mlp", "fpu sse2 avx avx2 fma"));
        assertEquals("mlp", InstructionSet.NATIVE.row("mlp", "fpu sse2 avx avx2 avx512f"));
        assertEquals("mlp-avx2", InstructionSet.AVX2.row("mlp-avx2", "fpu sse2 avx avx2 fma"));
    }
}
