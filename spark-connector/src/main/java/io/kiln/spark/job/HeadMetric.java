package io.kiln.spark.job;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.graph.RecordJson;
import io.kiln.metric.Accuracy;
import io.kiln.metric.RegressionError;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.loss.Focal;
import io.kiln.nn.loss.Huber;
import io.kiln.nn.loss.L1;
import io.kiln.nn.loss.L2;
import io.kiln.nn.loss.Loss;
import io.kiln.nn.loss.SigmoidBce;
import io.kiln.spark.feed.Batch;
import java.util.Arrays;
import java.util.Optional;

/**
 * The usual metric of an output, by its loss: accuracy of classes, and of yes-or-no questions, one or several; the root of
 * the mean squared error of numbers. Distributions as targets, quantiles, and losses of anything else have none.
 */
final class HeadMetric {
    private static final double HALF = 0.5;

    private HeadMetric() {}

    static Optional<Measure> measure(Heads.Head head, int index) {
        Loss loss = head.read();
        if (head.dtype() == DType.INT32 || isYesOrNo(loss)) {
            return Optional.of(new Measure(index, "accuracy", Accuracy::new));
        }
        boolean numbers = loss instanceof L1 || loss instanceof L2 || loss instanceof Huber;
        return numbers ? Optional.of(new Measure(index, "rmse", RegressionError::rmse)) : Optional.empty();
    }

    private static boolean isYesOrNo(Loss loss) {
        return loss instanceof SigmoidBce || loss instanceof Focal;
    }

    /** The output; for a yes-or-no question, logits of no and yes along a further axis. */
    static NDArray outputs(Heads.Head head, NDArray output) {
        if (!isYesOrNo(head.read())) {
            return output;
        }
        float[] yes = output.toFloatArray();
        float[] both = new float[2 * yes.length];
        for (int i = 0; i < yes.length; i++) {
            both[2 * i] = Float.isNaN(yes[i]) ? Float.NaN : 0;
            both[2 * i + 1] = yes[i];
        }
        long[] dims = Arrays.copyOf(output.shape().dims(), output.shape().rank() + 1);
        dims[dims.length - 1] = 2;
        return NDArray.of(Shape.of(dims), both);
    }

    static NDArray targets(Heads.Head head, Batch batch) {
        NDArray targets = batch.field(head.field());
        return isYesOrNo(head.read()) ? targets.ge(HALF).cast(DType.INT32) : targets;
    }

    /** The weight of each row; where elements do not count, of each element. */
    static NDArray weights(Heads.Head head, Batch batch, NDArray rows) {
        JsonNode ignored = RecordJson.write(head.read()).path("ignoredLabel");
        if (!head.isRagged() && !ignored.isNumber()) {
            return rows;
        }
        NDArray targets = batch.field(head.field());
        float[] each = new float[Math.toIntExact(targets.size())];
        float[] labels = targets.toFloatArray();
        int perRow = batch.rows() == 0 ? 1 : each.length / batch.rows();
        int perElement =
                head.isRagged() ? perRow / Math.toIntExact(targets.shape().dim(1)) : perRow;
        for (int i = 0; i < each.length; i++) {
            int row = i / perRow;
            boolean counts = !head.isRagged() || i % perRow / perElement < batch.length(head.field(), row);
            boolean isIgnored = ignored.isNumber() && labels[i] == ignored.asDouble();
            each[i] = counts && !isIgnored ? (float) batch.weight(row) : 0;
        }
        return NDArray.of(targets.shape(), each);
    }
}
