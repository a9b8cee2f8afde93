package io.kiln.spark.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.ml.classification.NetTrainingSummary;

/**
 * The summary of a fit. It is serializable so that a model can be used in the closures of a Spark job.
 *
 * @param epochs the epochs in order; those that were recomputed after a failure occur once
 * @param bestEpoch the epoch whose weights the model has, from 1
 * @param metricName name of {@link EpochReport#metric()}
 * @param resubmissions how often training resumed after executors were lost
 * @param seconds duration of the whole fit, including reading the DataFrame
 * @param provenance versions, rows and settings of the model
 */
public record TrainingSummary(
        List<EpochReport> epochs,
        int bestEpoch,
        String metricName,
        int resubmissions,
        double seconds,
        Provenance provenance)
        implements NetTrainingSummary, Serializable {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** Makes the list unmodifiable. */
    public TrainingSummary {
        epochs = List.copyOf(epochs);
    }

    /**
     * Returns the form in which it is saved with a model.
     *
     * @return its components by name
     */
    public JsonNode toJson() {
        return MAPPER.valueToTree(this);
    }

    /**
     * Reads the result of {@link #toJson}.
     *
     * @param json its components by name
     * @return the summary
     * @throws IllegalArgumentException if it is damaged
     */
    public static TrainingSummary fromJson(JsonNode json) {
        try {
            TrainingSummary s = MAPPER.treeToValue(json, TrainingSummary.class);
            if (s != null && s.metricName() != null && s.provenance() != null) {
                return s;
            }
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("summary: damaged:  " + e.getMessage(), e);
        }
        throw new IllegalArgumentException("summary: damaged:  parts are missing");
    }

    /**
     * Reads the text of the result of {@link #toJson}.
     *
     * @param json its components by name
     * @return the summary
     * @throws IllegalArgumentException if it is damaged
     */
    public static TrainingSummary fromJson(String json) {
        try {
            return fromJson(MAPPER.readTree(json));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("summary: not JSON: " + e.getOriginalMessage(), e);
        }
    }

    /**
     * Training loss.
     *
     * @return one value per epoch
     */
    public double[] lossHistory() {
        return epochs.stream().mapToDouble(EpochReport::loss).toArray();
    }

    /** {@return {@link #lossHistory}, under MLlib's name, which Spark Connect clients use} */
    @Override
    public double[] objectiveHistory() {
        return lossHistory();
    }

    /** {@return the number of epochs, under MLlib's name} */
    @Override
    public int totalIterations() {
        return epochs.size();
    }

    /**
     * Draws the training curve.
     *
     * @param file the destination; its name ends with {@code .png} or {@code .svg}
     * @throws IOException if writing fails
     */
    public void saveCurve(Path file) throws IOException {
        TrainingCurve.save(this, file);
    }

    /**
     * Draws the training curve.
     *
     * @param file the destination; its name ends with {@code .png} or {@code .svg}
     * @throws IOException if writing fails
     */
    public void saveCurve(String file) throws IOException {
        saveCurve(Path.of(file));
    }

    /**
     * Writes the epochs as a table, one row each.
     *
     * @param file the destination; its name ends with {@code .csv} or {@code .json}
     * @throws IOException if writing fails
     */
    public void saveHistory(Path file) throws IOException {
        HistoryFile.save(this, file);
    }

    /**
     * Writes the epochs as a table, one row each.
     *
     * @param file the destination; its name ends with {@code .csv} or {@code .json}
     * @throws IOException if writing fails
     */
    public void saveHistory(String file) throws IOException {
        saveHistory(Path.of(file));
    }

    /** What is known of an output. */
    private static List<String> told(EpochReport.Head h) {
        List<String> parts = new ArrayList<>();
        tell(parts, "loss", h.trainingLoss());
        tell(parts, "validation loss", h.loss());
        if (h.hasMetric()) {
            tell(parts, h.metricName(), h.metric());
        }
        return parts;
    }

    private static void tell(List<String> parts, String name, double value) {
        if (!Double.isNaN(value)) {
            parts.add(String.format(Locale.ROOT, "%s %.5f", name, value));
        }
    }

    /** {@return a table with one line per epoch, and one line per output that was trained together with others} */
    @Override
    public String toString() {
        boolean validated = epochs.stream().anyMatch(e -> !Double.isNaN(e.validationLoss()));
        List<String> lines = new ArrayList<>();
        lines.add("epoch      loss" + (validated ? String.format(Locale.ROOT, "  validation  %10s", metricName) : "")
                + "  samples/s");
        for (EpochReport e : epochs) {
            String more =
                    validated ? String.format(Locale.ROOT, "  %10.5f  %10.5f", e.validationLoss(), e.metric()) : "";
            lines.add(
                    String.format(Locale.ROOT, "%5d  %8.5f%s  %9.0f", e.epoch(), e.loss(), more, e.samplesPerSecond()));
        }
        for (EpochReport.Head h : epochs.isEmpty()
                ? List.<EpochReport.Head>of()
                : epochs.get(epochs.size() - 1).heads()) {
            lines.add(h.output() + ": " + String.join(", ", told(h)));
        }
        return String.join("\n", lines);
    }
}
