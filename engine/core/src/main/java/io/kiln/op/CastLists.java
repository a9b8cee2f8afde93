package io.kiln.op;

import io.kiln.op.activation.LogSoftmax;
import io.kiln.op.activation.MaskedLogSoftmax;
import io.kiln.op.activation.MaskedSoftmax;
import io.kiln.op.activation.Softmax;
import io.kiln.op.activation.Softplus;
import io.kiln.op.distributed.SyncBatchNormOp;
import io.kiln.op.linalg.Einsum;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.math.Exp;
import io.kiln.op.math.Expm1;
import io.kiln.op.math.Log;
import io.kiln.op.math.Log1p;
import io.kiln.op.math.Pow;
import io.kiln.op.math.PowScalar;
import io.kiln.op.math.Reciprocal;
import io.kiln.op.math.Rsqrt;
import io.kiln.op.math.Square;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import io.kiln.op.nn.CtcLoss;
import io.kiln.op.nn.GroupNormOp;
import io.kiln.op.nn.LayerNormOp;
import io.kiln.op.nn.Linear;
import io.kiln.op.nn.LocalResponseNorm;
import io.kiln.op.nn.RmsNormOp;
import io.kiln.op.nn.SoftmaxCrossEntropyOp;
import io.kiln.op.reduce.CumulativeProduct;
import io.kiln.op.reduce.CumulativeSum;
import io.kiln.op.reduce.LogSumExp;
import io.kiln.op.reduce.Mean;
import io.kiln.op.reduce.Norm;
import io.kiln.op.reduce.Prod;
import io.kiln.op.reduce.StandardDeviation;
import io.kiln.op.reduce.Sum;
import io.kiln.op.reduce.Variance;
import java.util.HashSet;
import java.util.Set;

/**
 * Which operators compute in what type under {@link Autocast}. Of the operators in none of the lists, pointwise ones
 * take their inputs as they come and give the widest type; all others get narrow inputs cast to float32 where another
 * input is float32.
 *
 * @param narrow operators that compute in the narrow type: their float32 inputs are cast to it
 * @param wide operators that compute in float32: their narrow inputs are cast to it
 * @param mixed operators that take narrow data along with float32 inputs: nothing is cast
 */
public record CastLists(
        Set<Class<? extends Operator>> narrow,
        Set<Class<? extends Operator>> wide,
        Set<Class<? extends Operator>> mixed) {
    /** The default lists, after those of MXNet's and PyTorch's automatic mixed precision. */
    public static final CastLists STANDARD = new CastLists(
            Set.of(MatMul.class, Linear.class, Convolution.class, ConvolutionTranspose.class, Einsum.class),
            Set.of(
                    LayerNormOp.class,
                    Softmax.class,
                    LogSoftmax.class,
                    LogSumExp.class,
                    SoftmaxCrossEntropyOp.class,
                    Softplus.class,
                    Exp.class,
                    Expm1.class,
                    Log.class,
                    Log1p.class,
                    Pow.class,
                    PowScalar.class,
                    Reciprocal.class,
                    Rsqrt.class,
                    Square.class,
                    Sum.class,
                    Mean.class,
                    Prod.class,
                    Norm.class,
                    Variance.class,
                    CumulativeSum.class,
                    CumulativeProduct.class,
                    StandardDeviation.class,
                    RmsNormOp.class,
                    GroupNormOp.class,
                    LocalResponseNorm.class,
                    MaskedSoftmax.class,
                    MaskedLogSoftmax.class,
                    CtcLoss.class),
            Set.of(BatchNormOp.class, SyncBatchNormOp.class));

    /** Copies the sets. */
    public CastLists {
        narrow = Set.copyOf(narrow);
        wide = Set.copyOf(wide);
        mixed = Set.copyOf(mixed);
        Set<Class<? extends Operator>> all = new HashSet<>(narrow);
        all.addAll(wide);
        all.addAll(mixed);
        if (all.size() != narrow.size() + wide.size() + mixed.size()) {
            throw new IllegalArgumentException("castLists: an operator may be in one list only, got narrow " + narrow
                    + ", wide " + wide + ", mixed " + mixed);
        }
    }

    /**
     * These lists with an operator among the narrow ones.
     *
     * @param operator the operator's class
     * @return the new lists
     */
    public CastLists withNarrow(Class<? extends Operator> operator) {
        CastLists rest = without(operator);
        return new CastLists(with(rest.narrow, operator), rest.wide, rest.mixed);
    }

    /**
     * These lists with an operator among the wide ones.
     *
     * @param operator the operator's class
     * @return the new lists
     */
    public CastLists withWide(Class<? extends Operator> operator) {
        CastLists rest = without(operator);
        return new CastLists(rest.narrow, with(rest.wide, operator), rest.mixed);
    }

    private CastLists without(Class<? extends Operator> operator) {
        return new CastLists(minus(narrow, operator), minus(wide, operator), minus(mixed, operator));
    }

    private static Set<Class<? extends Operator>> minus(
            Set<Class<? extends Operator>> set, Class<? extends Operator> operator) {
        Set<Class<? extends Operator>> copy = new HashSet<>(set);
        copy.remove(operator);
        return copy;
    }

    private static Set<Class<? extends Operator>> with(
            Set<Class<? extends Operator>> set, Class<? extends Operator> operator) {
        Set<Class<? extends Operator>> copy = new HashSet<>(set);
        copy.add(operator);
        return copy;
    }
}
