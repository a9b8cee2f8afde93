package io.kiln.spark.report;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.util.StdConverter;
import io.kiln.backend.DeviceUsage;
import java.io.Serializable;
import java.util.List;

/**
 * The results of one epoch. In JSON the components of its parts stand side by side.
 *
 * @param epoch its number, from 1
 * @param steps number of updates
 * @param rows training rows of all workers
 * @param seconds duration, including validation
 * @param quality losses and metric
 * @param gradients clipping and overflows
 * @param workers time and memory of each worker, by rank
 */
@JsonDeserialize(converter = EpochReport.Reader.class)
public record EpochReport(
        int epoch,
        int steps,
        long rows,
        double seconds,
        @JsonUnwrapped Quality quality,
        @JsonUnwrapped Gradients gradients,
        List<WorkerReport> workers)
        implements Serializable {
    /** Makes the list unmodifiable. */
    public EpochReport {
        workers = List.copyOf(workers);
    }

    /**
     * The components of JSON side by side. Before 2.19, which is newer than the Jackson of Spark 4.0 and 3.5, it cannot give
     * unwrapped parts to a constructor.
     */
    record Flat(
            int epoch,
            int steps,
            long rows,
            double seconds,
            double loss,
            double validationLoss,
            double metric,
            List<Head> heads,
            int skipped,
            int clipped,
            double lossScale,
            List<WorkerReport> workers) {}

    /** Puts the components into their parts. */
    static final class Reader extends StdConverter<Flat, EpochReport> {
        @Override
        public EpochReport convert(Flat f) {
            Quality quality = new Quality(f.loss, f.validationLoss, f.metric, f.heads == null ? List.of() : f.heads);
            Gradients gradients = new Gradients(f.skipped, f.clipped, f.lossScale);
            return new EpochReport(f.epoch, f.steps, f.rows, f.seconds, quality, gradients, f.workers);
        }
    }

    /**
     * Losses and metric of an epoch.
     *
     * @param loss mean training loss, each batch with the weights it was computed with
     * @param validationLoss mean loss of the validation rows at the end of the epoch; NaN without such rows
     * @param metric value of the validation metric; NaN without validation rows
     * @param heads losses and metrics of the outputs, if several are trained together or the only one has a name; empty for
     *     networks with one output, of the latter without validation rows
     */
    public record Quality(
            double loss,
            double validationLoss,
            double metric,
            @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Head> heads)
            implements Serializable {
        /** Makes the list unmodifiable. */
        public Quality {
            heads = List.copyOf(heads);
        }

        /**
         * Losses and metric of a network with one output.
         *
         * @param loss mean training loss
         * @param validationLoss mean loss of the validation rows
         * @param metric value of the validation metric
         */
        public Quality(double loss, double validationLoss, double metric) {
            this(loss, validationLoss, metric, List.of());
        }
    }

    /**
     * Losses and metric of one of several outputs. Losses are without the factor that they have in the sum of all losses.
     *
     * @param output name of the output
     * @param loss mean loss of the validation rows at the end of the epoch; NaN without such rows
     * @param metricName name of the metric; {@code loss} if such an output has no other
     * @param metric its value on the validation rows; NaN without such rows
     * @param trainingLoss mean training loss, each batch with the weights it was computed with; NaN in reports of versions
     *     that did not know it
     */
    public record Head(String output, double loss, String metricName, double metric, Double trainingLoss)
            implements Serializable {
        /** Takes a training loss that is missing in JSON for NaN. */
        public Head {
            trainingLoss = trainingLoss == null ? Double.valueOf(Double.NaN) : trainingLoss;
        }

        /** {@return whether there is a metric besides the loss} */
        @JsonIgnore
        public boolean hasMetric() {
            return !metricName.equals("loss");
        }

        /** {@return a name for displays that this metric shares with no other output} */
        @JsonIgnore
        public String metricOf() {
            return metricName + " of " + output;
        }
    }

    /**
     * Clipping and overflows of an epoch's gradients.
     *
     * @param skipped steps skipped because gradients overflowed; 0 unless the precision is float16
     * @param clipped steps whose gradients were scaled down because their norm exceeded {@code gradientClipNorm}; counted
     *     since the workers last started or resumed
     * @param lossScale factor on losses after the epoch; 1 unless the precision is float16
     */
    public record Gradients(int skipped, int clipped, double lossScale) implements Serializable {}

    /**
     * A worker's time and memory. Memory is that of its process, which several workers may share.
     *
     * @param executor its executor; null in reports of versions before 0.2
     * @param feed seconds spent waiting for batches
     * @param compute seconds spent computing
     * @param exchange seconds spent waiting for other workers
     * @param arrayBytes peak of the host's memory outside the heap that arrays and copies from and to a device take, in
     *     bytes
     * @param heapBytes bytes of the heap in use at the end of the epoch, including garbage
     * @param device the memory of its device; null if that is the CPU
     */
    public record WorkerReport(
            String executor,
            double feed,
            double compute,
            double exchange,
            long arrayBytes,
            long heapBytes,
            @JsonInclude(JsonInclude.Include.NON_NULL) DeviceMemory device)
            implements Serializable {}

    /**
     * The memory of a device that is taken by this process, and how busy the device is.
     *
     * @param name the device, such as {@code cuda(0)}
     * @param liveBytes bytes of arrays at the end of the epoch
     * @param peakBytes peak of these bytes
     * @param budgetBytes the most that Kiln may take
     * @param usage what all processes use of the device; null where nothing tells, as without NVIDIA's NVML
     */
    public record DeviceMemory(
            String name,
            long liveBytes,
            long peakBytes,
            long budgetBytes,
            @JsonInclude(JsonInclude.Include.NON_NULL) DeviceUsage usage)
            implements Serializable {}

    /** {@return mean training loss} */
    public double loss() {
        return quality.loss();
    }

    /** {@return mean loss of the validation rows; NaN without such rows} */
    public double validationLoss() {
        return quality.validationLoss();
    }

    /** {@return value of the validation metric; NaN without validation rows} */
    public double metric() {
        return quality.metric();
    }

    /** {@return losses and metrics of the outputs that are trained together; {@link Quality} says when it is empty} */
    public List<Head> heads() {
        return quality.heads();
    }

    /**
     * Whether the metric of an output is {@link #metric()}, which needs no second place.
     *
     * @param head one of {@link #heads()}
     * @param metric name of {@link #metric()}; that of a single output does not name it
     * @return whether it is
     */
    public boolean isReported(Head head, String metric) {
        return head.metricOf().equals(metric)
                || heads().size() == 1 && head.metricName().equals(metric);
    }

    /**
     * Throughput.
     *
     * @return training rows per second
     */
    public double samplesPerSecond() {
        return rows / seconds;
    }
}
