package io.kiln.spark.job;

import io.kiln.graph.KnownRecords;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.nn.loss.Loss;
import io.kiln.spark.feed.Batch;
import io.kiln.spark.model.NamedRecord;
import io.kiln.spark.model.Standardization;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Several outputs of a network, each with a loss of its own: training minimizes \(\sum_h w_h L_h\). Each row counts
 * with its weight in the mean, whatever its targets are: labels that a loss ignores add 0.
 *
 * @param heads the outputs that are trained, in the order of the network's outputs
 * @param target how the targets of the only output are standardised; null if they are not
 */
record Heads(List<Head> heads, Standardization.Target target) implements Goal {
    /** Makes the list unmodifiable. */
    Heads {
        heads = List.copyOf(heads);
    }

    Heads(List<Head> heads) {
        this(heads, null);
    }

    Heads withTarget(Standardization.Target t) {
        return new Heads(heads, t);
    }

    /** {@return the text in fingerprints of checkpoints, which without a standardised target stays as it was before there were any} */
    @Override
    public String toString() {
        return "Heads[heads=" + heads + (target == null ? "]" : ", target=" + target + "]");
    }

    /**
     * An output that is trained.
     *
     * @param output its name
     * @param loss its loss, as {@link NamedRecord} writes it
     * @param weight w, above 0
     * @param field the field with its targets; {@link #LABEL} if they are the labels of the rows
     * @param dtype the dtype of the targets
     * @param rowShape their shape
     * @param isRagged whether they are sequences of different lengths: the loss of a row is then the mean over its elements
     * @param classes the number of classes between which the output decides; 0 if it gives no scores of classes
     */
    record Head(
            String output,
            String loss,
            double weight,
            int field,
            DType dtype,
            List<Long> rowShape,
            boolean isRagged,
            int classes)
            implements Serializable {
        /** The field of a target that is the label of its row. */
        static final int LABEL = -1;

        /** Makes the list unmodifiable. */
        Head {
            rowShape = List.copyOf(rowShape);
        }

        /** The targets of a batch, in a unit of their own or, for null, in theirs. Labels are doubles until they are standardised. */
        NDArray targets(Batch batch, Standardization.Target unit) {
            if (field != LABEL) {
                return TargetUnit.standardized(batch.field(field), unit);
            }
            float[] y = new float[batch.rows()];
            for (int i = 0; i < y.length; i++) {
                y[i] = (float) TargetUnit.standardized(batch.label(i), unit);
            }
            return NDArray.of(shape(this, y.length), y);
        }

        Loss read() {
            return NamedRecord.read(Loss.class, loss);
        }

        /**
         * The loss of each row.
         *
         * @param unit how the targets are standardised; null if they are not
         * @param prediction the output
         * @param target the targets; for sequences, also the share of each element in the mean of its row
         */
        NDArray loss(Standardization.Target unit, NDArray prediction, NDArray... target) {
            Loss own = TargetUnit.loss(read(), unit);
            if (!isRagged) {
                return own.compute(prediction, target[0]);
            }
            NDArray each = own.unreduced(prediction, target[0]);
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
            all.add(h.targets(batch, target));
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
    public List<NDArray> each(NDArray[] outputs, NDArray... targets) {
        List<NDArray> losses = eachOutput(outputs, targets);
        NDArray sum = null;
        for (int i = 0; i < losses.size(); i++) {
            double w = heads.get(i).weight();
            NDArray weighted = w == 1 ? losses.get(i) : losses.get(i).mul(w);
            sum = sum == null ? weighted : sum.add(weighted);
        }
        losses.add(0, sum);
        return losses;
    }

    private List<NDArray> eachOutput(NDArray[] outputs, NDArray... targets) {
        List<NDArray> losses = new ArrayList<>();
        int next = 0;
        for (int i = 0; i < heads.size(); i++) {
            Head h = heads.get(i);
            int end = next + (h.isRagged() ? 2 : 1);
            losses.add(h.loss(target, outputs[i], Arrays.copyOfRange(targets, next, end)));
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
        return TargetUnit.ofLoss(heads.get(0).read(), target);
    }

    @Override
    public List<Measure> measures(ValidationMetric.Asked asked, int classes) {
        int followed = followed(asked);
        List<Measure> all = new ArrayList<>();
        for (int h = 0; h < heads.size(); h++) {
            if (h == followed && !asked.isLoss()) {
                all.add(HeadMetric.measure(heads.get(h), h, asked.metric()));
            } else {
                HeadMetric.usual(heads.get(h), h).ifPresent(all::add);
            }
        }
        return all;
    }

    @Override
    public int followed(ValidationMetric.Asked asked) {
        if (!asked.output().isEmpty()) {
            int index = outputs().indexOf(asked.output());
            if (index < 0) {
                throw new IllegalArgumentException("validationMetric: %s: no target trains an output \"%s\"%s"
                        .formatted(asked, asked.output(), KnownRecords.suggestion(asked.output(), outputs())));
            }
            return index;
        }
        if (asked.isLoss()) {
            return ALL;
        }
        if (heads.size() > 1) {
            throw new IllegalArgumentException(
                    "validationMetric: %s: outputs %s are trained; say which one is meant, such as %s:%s"
                            .formatted(asked, outputs(), outputs().get(0), asked.metric()));
        }
        return 0;
    }

    @Override
    public NDArray metricOutputs(int index, NDArray output, int rows, int classes) {
        return HeadMetric.outputs(heads.get(index), TargetUnit.own(output, target));
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
