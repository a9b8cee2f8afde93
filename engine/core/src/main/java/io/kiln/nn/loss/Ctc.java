package io.kiln.nn.loss;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Creation;
import io.kiln.op.nn.CtcLoss;
import io.kiln.op.recurrent.Sequences;
import io.kiln.op.reduce.Reductions;

/**
 * Connectionist temporal classification: \(-\ln p(\mathrm{labels})\), summed over all alignments of the labels with the
 * steps, each of which has scores for C classes including the blank. A. Graves et al., ICML 2006; formula as in
 * {@link io.kiln.op.nn.CtcLoss}. Shapes: predictions [N,T,C] or [T,N,C], logits; labels [N,L] of any dtype, where the
 * first class that is not a label ends a sequence (−1, as in MXNet's padding; also 0 if that is the blank).
 *
 * <p>A sequence with more labels than steps cannot be aligned and has loss ∞, or 0 with {@code zeroInfinity}.
 *
 * @param layout the order of the predictions' axes
 * @param blank the blank class
 * @param zeroInfinity whether sequences that cannot be aligned have loss 0
 */
public record Ctc(Layout layout, Blank blank, boolean zeroInfinity) implements Loss {
    /** The order of axes: batch N, steps T, classes C. */
    public enum Layout {
        /** Batch first. */
        NTC,
        /** Steps first. */
        TNC
    }

    /** The class that stands for no label. */
    public enum Blank {
        /** Class 0; labels are 1 to C - 1. */
        FIRST,
        /** Class C - 1; labels are 0 to C - 2. */
        LAST
    }

    /** Uses Gluon's attributes: batch first, the last class is the blank, infinite losses stay. */
    public Ctc() {
        this(Layout.NTC, Blank.LAST, false);
    }

    /** Uses all steps, and the labels before the first padding. */
    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        NDArray labels = labels(prediction, label);
        NDArray isLabel = labels.ge(blank == Blank.FIRST ? 1 : 0).cast(DType.FLOAT32);
        NDArray count = Reductions.cumprod(isLabel, 1).sum(1);
        long steps = prediction.shape().dim(layout == Layout.NTC ? 1 : 0);
        return compute(prediction, label, Creation.fullLike(count, steps), count);
    }

    /**
     * The loss of each sequence, with given numbers of steps and labels.
     *
     * @param prediction logits, [N,T,C] or [T,N,C]
     * @param label classes, [N,L]; those beyond their number do not matter
     * @param predictionLength number of steps of each sequence, 0 to T, [N] of any dtype
     * @param labelLength number of labels of each sequence, 0 to L, [N] of any dtype
     * @return the losses, [N]
     */
    public NDArray compute(NDArray prediction, NDArray label, NDArray predictionLength, NDArray labelLength) {
        NDArray labels = labels(prediction, label);
        NDArray x = layout == Layout.NTC ? prediction.transpose(1, 0, 2) : prediction;
        long last = prediction.shape().dim(2) - 1;
        return Sequences.ctcLoss(
                new CtcLoss(blank == Blank.FIRST ? 0 : last, zeroInfinity),
                x,
                labels.clip(0, last).cast(DType.INT32),
                predictionLength.cast(DType.INT32),
                labelLength.cast(DType.INT32));
    }

    private NDArray labels(NDArray prediction, NDArray label) {
        Shape p = prediction.shape();
        boolean fits = p.rank() == 3 && label.shape().rank() == 2;
        if (!fits
                || !Shape.of(p.dim(layout == Layout.NTC ? 0 : 1))
                        .accepts(label.shape().without(1))) {
            throw new ShapeException("ctc: needs predictions" + (layout == Layout.NTC ? "[N,T,C]" : "[T,N,C]")
                    + " and labels[N,L], got prediction" + p + " and label" + label.shape());
        }
        return label.cast(DType.FLOAT32);
    }
}
