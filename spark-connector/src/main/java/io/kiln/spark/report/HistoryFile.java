package io.kiln.spark.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Writes the epochs of a fit as a table: CSV (RFC 4180) or a JSON array. Missing numbers are empty, or null. */
final class HistoryFile {
    private HistoryFile() {}

    static void save(TrainingSummary summary, Path file) throws IOException {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        String text;
        if (name.endsWith(".csv")) {
            text = csv(summary);
        } else if (name.endsWith(".json")) {
            text = json(summary);
        } else {
            throw new IllegalArgumentException(
                    "saveHistory: the file's name must end with .csv or .json, got " + file.getFileName());
        }
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(file, text);
    }

    /** Names and values of an epoch's columns. */
    private static Map<String, Number> columns(EpochReport e) {
        Map<String, Number> row = new LinkedHashMap<>();
        row.put("epoch", e.epoch());
        row.put("steps", e.steps());
        row.put("rows", e.rows());
        row.put("loss", e.loss());
        row.put("validationLoss", e.validationLoss());
        row.put("metric", e.metric());
        for (EpochReport.Head h : e.heads()) {
            row.put(h.output() + ".loss", h.trainingLoss());
            row.put(h.output() + ".validationLoss", h.loss());
            if (h.hasMetric()) {
                row.put(h.output() + "." + h.metricName(), h.metric());
            }
        }
        row.put("seconds", e.seconds());
        row.put("samplesPerSecond", e.samplesPerSecond());
        row.put("clipped", e.gradients().clipped());
        row.put("skipped", e.gradients().skipped());
        row.put("lossScale", e.gradients().lossScale());
        return row;
    }

    private static boolean isThere(Number n) {
        return !(n instanceof Double d) || Double.isFinite(d);
    }

    private static String csv(TrainingSummary summary) {
        List<String> lines = new ArrayList<>();
        for (EpochReport e : summary.epochs()) {
            Map<String, Number> row = columns(e);
            if (lines.isEmpty()) {
                lines.add(String.join(",", row.keySet()));
            }
            lines.add(String.join(
                    ",",
                    row.values().stream()
                            .map(v -> isThere(v) ? v.toString() : "")
                            .toList()));
        }
        lines.add("");
        return String.join("\r\n", lines);
    }

    private static String json(TrainingSummary summary) {
        ObjectMapper mapper = new ObjectMapper();
        ArrayNode rows = mapper.createArrayNode();
        for (EpochReport e : summary.epochs()) {
            ObjectNode row = rows.addObject();
            columns(e).forEach((name, v) -> row.putPOJO(name, isThere(v) ? v : null));
        }
        return rows.toPrettyString();
    }
}
