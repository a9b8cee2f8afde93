package io.kiln.nn.loss;

import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.index.Indexing;
import io.kiln.op.internal.ClassIndices;
import io.kiln.op.math.Elementwise;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/** The weights of class labels: 0 for the ignored label, otherwise the weight of the class. */
record ClassWeights(String loss, OptionalLong ignored, List<Double> weights) {
    static ClassWeights of(ClassLoss<?> loss) {
        return new ClassWeights(loss.name(), loss.ignoredLabel(), loss.classWeights());
    }

    /** Rejects invalid weights. */
    static List<Double> checked(String loss, List<Double> weights) {
        for (double w : weights) {
            if (!(w >= 0) || Double.isInfinite(w)) {
                throw new IllegalArgumentException(
                        loss + ": weights must be finite and >= 0, got " + w + " in " + weights);
            }
        }
        return List.copyOf(weights);
    }

    static List<Double> list(double... weights) {
        return Arrays.stream(weights).boxed().toList();
    }

    boolean isEmpty() {
        return ignored.isEmpty() && weights.isEmpty();
    }

    /** 1 if a label counts, otherwise 0; null if all do. */
    NDArray kept(NDArray classes) {
        return ignored.isEmpty() ? null : classes.ne(ignored.getAsLong());
    }

    /** 1 if a label counts, otherwise 0, as float32. */
    NDArray mask(NDArray classes) {
        return kept(classes).cast(DType.FLOAT32);
    }

    /** The classes with 0 instead of the ignored label. */
    NDArray indices(NDArray classes) {
        NDArray kept = kept(classes);
        return kept == null ? classes : Elementwise.where(kept, classes, Creation.zerosLike(classes));
    }

    NDArray table(ArrayFactory beside, Shape prediction, DType dtype) {
        return table("classWeights", beside, prediction, dtype);
    }

    /** The weight of each class as an array of a dtype, after checking their number. */
    NDArray table(String attribute, ArrayFactory beside, Shape prediction, DType dtype) {
        if (weights.size() != prediction.dim(-1)) {
            throw new IllegalArgumentException(loss + ": predictions" + prediction + " need " + prediction.dim(-1) + " "
                    + attribute + ", got " + weights.size() + ": " + weights);
        }
        double[] w = weights.stream().mapToDouble(Double::doubleValue).toArray();
        return beside.of(Shape.of(w.length), w).cast(dtype);
    }

    /** The weight of each label in a mean; null if all are 1. */
    NDArray of(Shape prediction, NDArray classes) {
        NDArray kept = kept(classes);
        if (weights.isEmpty()) {
            return kept == null ? null : kept.cast(DType.FLOAT32);
        }
        NDArray w = Indexing.gather(
                table(classes.factory(), prediction, DType.FLOAT32),
                Dispatch.one(new ClassIndices(loss, weights.size()), indices(classes)),
                0);
        return kept == null ? w : w.mul(kept.cast(DType.FLOAT32));
    }

    /** Losses of classes, each times its weight, and 0 for ignored labels. */
    NDArray weigh(NDArray losses, Shape prediction, NDArray classes) {
        NDArray w = of(prediction, classes);
        return w == null ? losses : without(losses.mul(w.cast(losses.dtype())), classes);
    }

    /** Losses, and 0 for ignored labels, whatever was computed there. */
    NDArray without(NDArray losses, NDArray classes) {
        NDArray kept = kept(classes);
        return kept == null ? losses : Elementwise.where(kept, losses, Creation.zerosLike(losses));
    }
}
