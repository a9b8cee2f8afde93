package io.kiln.spark.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.ml.classification.NetTrainingSummary;

/**
 * How a fit went.
 *
 * @param epochs the epochs that count, in order; those that were computed again after a failure occur once
 * @param bestEpoch the epoch whose weights the model has, from 1
 * @param metricName what {@link EpochReport#metric()} is
 * @param resubmissions how often training went on after executors were lost
 * @param seconds duration of the whole fit, reading the DataFrame included
 * @param provenance versions, rows and settings that the model comes from
 */
public record TrainingSummary(
        List<EpochReport> epochs,
        int bestEpoch,
        String metricName,
        int resubmissions,
        double seconds,
        Provenance provenance)
        implements NetTrainingSummary {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** Makes the list unmodifiable. */
    public TrainingSummary {
        epochs = List.copyOf(epochs);
    }

    /**
     * The form in which a saved model keeps it.
     *
     * @return its components by name
     */
    public JsonNode toJson() {
        return MAPPER.valueToTree(this);
    }

    /**
     * Reads what {@link #toJson} gives.
     *
     * @param json its components by name
     * @return the summary
     * @throws IllegalArgumentException when it is damaged
     */
    public static TrainingSummary fromJson(JsonNode json) {
        try {
            TrainingSummary s = MAPPER.treeToValue(json, TrainingSummary.class);
            if (s != null && s.metricName() != null && s.provenance() != null) {
                return s;
            }
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("summary: not as it was saved: " + e.getMessage(), e);
        }
        throw new IllegalArgumentException("summary: not as it was saved: parts are missing");
    }

    /**
     * Reads the text of what {@link #toJson} gives.
     *
     * @param json its components by name
     * @return the summary
     * @throws IllegalArgumentException when it is damaged
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

    /** {@return {@link #lossHistory}, by the name that MLlib has for it and clients of Spark Connect ask for} */
    @Override
    public double[] objectiveHistory() {
        return lossHistory();
    }

    /** {@return number of epochs, by MLlib's name} */
    @Override
    public int totalIterations() {
        return epochs.size();
    }

    /**
     * Draws the training curve.
     *
     * @param file where to write it; its name ends with {@code .png} or {@code .svg}
     * @throws IOException when writing fails
     */
    public void saveCurve(Path file) throws IOException {
        TrainingCurve.save(this, file);
    }

    /**
     * Draws the training curve.
     *
     * @param file where to write it; its name ends with {@code .png} or {@code .svg}
     * @throws IOException when writing fails
     */
    public void saveCurve(String file) throws IOException {
        saveCurve(Path.of(file));
    }

    /**
     * Writes the epochs as a table, one row each.
     *
     * @param file where to write it; its name ends with {@code .csv} or {@code .json}
     * @throws IOException when writing fails
     */
    public void saveHistory(Path file) throws IOException {
        HistoryFile.save(this, file);
    }

    /**
     * Writes the epochs as a table, one row each.
     *
     * @param file where to write it; its name ends with {@code .csv} or {@code .json}
     * @throws IOException when writing fails
     */
    public void saveHistory(String file) throws IOException {
        saveHistory(Path.of(file));
    }

    /** {@return a table: one line per epoch} */
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
        return String.join("\n", lines);
    }
}
