package io.kiln.spark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryFileTest {
    @TempDir
    Path folder;

    private final TrainingSummary summary = new TrainingSummary(
            List.of(
                    new EpochReport(
                            1,
                            10,
                            300,
                            1.5,
                            new EpochReport.Quality(0.5, 0.25, Double.NaN),
                            new EpochReport.Gradients(0, 3, 1),
                            List.of()),
                    new EpochReport(
                            2,
                            10,
                            300,
                            2,
                            new EpochReport.Quality(1e-7, Double.NaN, Double.NaN),
                            new EpochReport.Gradients(1, 0, 65536),
                            List.of())),
            2,
            "accuracy",
            0,
            4,
            new Provenance(
                    new Provenance.Versions("0.2", "4.1.0", "17"),
                    "2026-01-01T00:00:00Z",
                    new Provenance.Data(300, 0, "abc"),
                    new Provenance.Settings(7, 32, 2, 1, 1, "{}")));

    @Test
    void aTableHasARowPerEpochAndNothingWhereThereIsNoNumber() throws Exception {
        Path file = folder.resolve("new/history.CSV");
        summary.saveHistory(file.toString());
        assertEquals(
                List.of(
                        "epoch,steps,rows,loss,validationLoss,metric,seconds,samplesPerSecond,clipped,skipped,lossScale",
                        "1,10,300,0.5,0.25,,1.5,200.0,3,0,1.0",
                        "2,10,300,1.0E-7,,,2.0,150.0,0,1,65536.0"),
                Files.readAllLines(file));
    }

    @Test
    void eachOutputHasColumns() throws Exception {
        List<EpochReport.Head> heads = List.of(
                new EpochReport.Head("stars", 0.5, "rmse", 0.75, 0.125),
                new EpochReport.Head("pair", 2, "loss", 2, Double.NaN));
        EpochReport epoch = new EpochReport(
                1,
                10,
                300,
                1.5,
                new EpochReport.Quality(0.5, 0.25, 0.25, heads),
                new EpochReport.Gradients(0, 3, 1),
                List.of());
        TrainingSummary two = new TrainingSummary(List.of(epoch), 1, "loss", 0, 4, summary.provenance());
        Path file = folder.resolve("heads.csv");
        two.saveHistory(file.toString());
        assertEquals(
                List.of(
                        "epoch,steps,rows,loss,validationLoss,metric,stars.loss,stars.validationLoss,stars.rmse,pair.loss,pair.validationLoss,seconds,samplesPerSecond,clipped,skipped,lossScale",
                        "1,10,300,0.5,0.25,0.25,0.125,0.5,0.75,,2.0,1.5,200.0,3,0,1.0"),
                Files.readAllLines(file));
        assertEquals(two, TrainingSummary.fromJson(two.toJson()));
        assertTrue(two.toString()
                .contains("stars: loss 0.12500, validation loss 0.50000, rmse 0.75000\npair: validation loss 2.00000"));
        ObjectNode older = (ObjectNode) two.toJson();
        ((ObjectNode) older.at("/epochs/0/heads/0")).remove("trainingLoss");
        assertEquals(
                Double.NaN,
                TrainingSummary.fromJson(older).epochs().get(0).heads().get(0).trainingLoss());
        assertTrue(summary.toJson().at("/epochs/0/heads").isMissingNode());
    }

    @Test
    void jsonHasNullWhereThereIsNoNumber() throws Exception {
        Path file = folder.resolve("history.json");
        summary.saveHistory(file);
        JsonNode rows = new ObjectMapper().readTree(file.toFile());
        assertEquals(2, rows.size());
        assertEquals(0.25, rows.get(0).get("validationLoss").asDouble());
        assertTrue(rows.get(1).get("validationLoss").isNull());
    }

    @Test
    void otherNamesAreRefused() {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> summary.saveHistory("history.xlsx"));
        assertEquals("saveHistory: the file's name must end with .csv or .json, got history.xlsx", e.getMessage());
    }
}
