package io.kiln.spark.job;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.nn.loss.Loss;
import io.kiln.spark.feed.Batch;
import io.kiln.spark.model.NamedRecord;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Several outputs of a network, each with a loss of its own: training minimizes \(\sum_h w_h L_h\). Each row counts
 * with its weight in the mean, whatever its targets are: labels that a loss ignores add 0.
 *
 * @param heads the outputs that are trained, in the order of the network's outputs
 */
record Heads(List<Head> heads) implements Goal {
    /** Makes the list unmodifiable. */
    Heads {
        heads = List.copyOf(heads);
    }

    /**
     * An output that is trained.
     *
     * @param output its name
     * @param loss its loss, as {@link NamedRecord} writes it
     * @param weight w, above 0
     * @param field the field with its targets
     * @param dtype the dtype of the targets
     * @param rowShape their shape
     * @param isRagged whether they are sequences of different lengths: the loss of a row is then the mean over its elements
     */
    record Head(
            String output, String loss, double weight, int field, DType dtype, List<Long> rowShape, boolean isRagged)
            implements Serializable {
        /** Makes the list unmodifiable. */
        Head {
            rowShape = List.copyOf(rowShape);
        }

        Loss read() {
            return NamedRecord.read(Loss.class, loss);
        }

        /**
         * The loss of each row.
         *
         * @param prediction the output
         * @param target the targets; for sequences, also the share of each element in the mean of its row
         */
        NDArray loss(NDArray prediction, NDArray... target) {
            if (!isRagged) {
                return read().compute(prediction, target[0]);
            }
            NDArray each = read().unreduced(prediction, target[0]);
            if (each.shape().rank() < 2) {
                throw new ShapeException(
                        "it gives one number per row; sequences of targets need one per element, such as l2 or softmaxCrossEntropy");
            }
            while (each.shape().rank() > 2) {
                each = each.mean(each.shape().rank() - 1);
            }
            return each.mul(target[1]).sum(1);
        }

        /** {@return the text in fingerprints of checkpoints, which for targets of one shape stays as it was before there were others} */
        @Override
        public String toString() {
            return "Head[output=" + output + ", loss=" + loss + ", weight=" + weight + ", field=" + field + ", dtype="
                    + dtype + ", rowShape=" + rowShape + (isRagged ? ", ragged]" : "]");
        }
    }

    @Override
    public int targetCount() {
        return heads.size() + (int) heads.stream().filter(Head::isRagged).count();
    }

    @Override
    public NDArray[] targets(Batch batch) {
        List<NDArray> all = new ArrayList<>();
        for (Head h : heads) {
            all.add(batch.field(h.field()));
            if (h.isRagged()) {
                all.add(batch.shares(h.field()));
            }
        }
        return all.toArray(new NDArray[0]);
    }

    @Override
    public NDArray[] zeroTargets() {
        List<NDArray> all = new ArrayList<>();
        for (Head h : heads) {
            long[] dims = shape(h, 1).dims();
            for (int i = 0; i < dims.length; i++) {
                dims[i] = dims[i] == Shape.UNKNOWN ? 1 : dims[i];
            }
            all.add(NDArray.zeros(Shape.of(dims), h.dtype()));
            if (h.isRagged()) {
                all.add(NDArray.zeros(Shape.of(1, dims[1]), DType.FLOAT32));
            }
        }
        return all.toArray(new NDArray[0]);
    }

    static Shape shape(Head h, long rows) {
        long[] dims = new long[h.rowShape().size() + 1];
        dims[0] = rows;
        for (int i = 1; i < dims.length; i++) {
            dims[i] = h.rowShape().get(i - 1);
        }
        return Shape.of(dims);
    }

    @Override
    public NDArray each(NDArray[] outputs, NDArray... targets) {
        List<NDArray> losses = eachOutput(outputs, targets);
        NDArray sum = null;
        for (int i = 0; i < losses.size(); i++) {
            double w = heads.get(i).weight();
            NDArray weighted = w == 1 ? losses.get(i) : losses.get(i).mul(w);
            sum = sum == null ? weighted : sum.add(weighted);
        }
        return sum;
    }

    @Override
    public List<NDArray> eachOutput(NDArray[] outputs, NDArray... targets) {
        List<NDArray> losses = new ArrayList<>();
        int next = 0;
        for (int i = 0; i < heads.size(); i++) {
            Head h = heads.get(i);
            int end = next + (h.isRagged() ? 2 : 1);
            losses.add(h.loss(outputs[i], Arrays.copyOfRange(targets, next, end)));
            next = end;
        }
        return losses;
    }

    @Override
    public List<String> outputs() {
        return heads.stream().map(Head::output).toList();
    }

    @Override
    public double[] counts(NDArray[] targets, int classes) {
        return null;
    }

    @Override
    public double lossUnit() {
        return 1;
    }

    @Override
    public List<Measure> measures(String validationMetric, int classes) {
        List<Measure> all = new ArrayList<>();
        for (int h = 0; h < heads.size(); h++) {
            HeadMetric.measure(heads.get(h), h).ifPresent(all::add);
        }
        return all;
    }

    @Override
    public NDArray metricOutputs(int index, NDArray output, int rows, int classes) {
        return HeadMetric.outputs(heads.get(index), output);
    }

    @Override
    public NDArray metricTargets(int index, Batch batch) {
        return HeadMetric.targets(heads.get(index), batch);
    }

    @Override
    public NDArray metricWeights(int index, Batch batch) {
        return HeadMetric.weights(heads.get(index), batch, Goal.super.metricWeights(index, batch));
    }
}
