package io.kiln.cpu.kernel;

import io.kiln.cpu.onednn.CpuContext;
import io.kiln.cpu.onednn.MatMul;
import io.kiln.cpu.onednn.PostOps;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.nn.Linear;

/** Matrix products and affine maps by oneDNN. */
final class OneDnnMatMul {

    private OneDnnMatMul() {}

    static NDArray[] matMul(Operator operator, NDArray[] inputs, Spec[] outputs) {
        NDArray a = inputs[0];
        NDArray b = inputs[1];
        if (a.dtype() != b.dtype() || !Operands.served(a.dtype()) || Operands.isEmpty(a) || Operands.isEmpty(b)) {
            return null;
        }
        NarrowKernels.advise(a.dtype());
        NDArray result = Operands.rowMajor(a, outputs[0]);
        boolean many = outputs[0].shape().rank() > 4;
        boolean thin = outputs[0].shape().rank() > 2 && a.shape().dim(-1) == 1;
        if (isPlain(a, many, thin) && isPlain(b, many, thin)) {
            return done(
                    MatMul.run(ranked(a, outputs[0]), ranked(b, outputs[0]), null, Operands.of(result), PostOps.NONE),
                    result);
        }
        try (Scope copies = Scope.open()) {
            Tensor left = ranked(plain(a, many, thin), outputs[0]);
            Tensor right = ranked(plain(b, many, thin), outputs[0]);
            return done(MatMul.run(left, right, null, Operands.of(result), PostOps.NONE), result);
        }
    }

    static NDArray[] linear(Operator operator, NDArray[] inputs, Spec[] outputs) {
        NDArray x = inputs[0];
        NDArray w = inputs[1];
        if (!Operands.served(x.dtype()) || Operands.isEmpty(x) || Operands.isEmpty(w)) {
            return null;
        }
        NarrowKernels.advise(x.dtype());
        NDArray result = Operands.rowMajor(x, outputs[0]);
        Activation activation = ((Linear) operator).activation();
        try (Scope copies = Scope.open()) {
            Tensor rows = rows(x.shape().rank() == 2 && isPlain(x) || x.isContiguous() ? x : Operands.copy(x));
            Tensor weights = Operands.read(w);
            Tensor turned = weights.as(
                    new long[] {weights.dims()[1], weights.dims()[0]},
                    new long[] {weights.strides()[1], weights.strides()[0]});
            Tensor bias = inputs.length < 3 ? null : asRow(Operands.read(inputs[2]));
            boolean computed = MatMul.run(rows, turned, bias, rows(result), postOps(activation));
            if (computed && activation == Activation.RELU && CpuContext.tookInvalid()) {
                MatMul.run(rows, turned, bias, rows(result), PostOps.NONE);
                Specials.rectify(result);
            }
            return done(computed, result);
        }
    }

    /** What oneDNN does for an activation. Its ReLU makes 0 of NaN: whoever uses it asks for invalid operations afterwards. */
    static PostOps postOps(Activation activation) {
        return then(PostOps.NONE, activation);
    }

    /** Steps with an activation behind them. */
    static PostOps then(PostOps steps, Activation activation) {
        return switch (activation) {
            case NONE -> steps;
            case RELU -> steps.then(io.kiln.cpu.onednn.Activation.RELU, 0, 0);
            case SIGMOID -> steps.then(io.kiln.cpu.onednn.Activation.LOGISTIC, 0, 0);
            case TANH -> steps.then(io.kiln.cpu.onednn.Activation.TANH, 0, 0);
        };
    }

    private static NDArray[] done(boolean computed, NDArray result) {
        if (computed) {
            return new NDArray[] {result};
        }
        result.close();
        return null;
    }

    /** {@code […, c]} seen as {@code [rows, c]}. */
    private static Tensor rows(NDArray x) {
        Tensor tensor = Operands.of(x);
        int rank = tensor.dims().length;
        if (rank == 2) {
            return tensor;
        }
        long columns = rank == 0 ? 1 : tensor.dims()[rank - 1];
        return tensor.as(new long[] {tensor.size() / columns, columns}, new long[] {columns, 1});
    }

    private static Tensor asRow(Tensor bias) {
        long size = bias.dims()[0];
        return bias.as(new long[] {1, size}, new long[] {size * bias.strides()[0], bias.strides()[0]});
    }

    /** Whether the two last axes can be described; repeated batch axes can be (as size 1). */
    private static boolean isPlain(NDArray x) {
        long[] strides = x.strides();
        int rank = strides.length;
        for (int i = 0; i < rank; i++) {
            boolean repeats = strides[i] == 0 && i < rank - 2;
            if (x.shape().dim(i) > 1 && strides[i] <= 0 && !repeats) {
                return false;
            }
        }
        return true;
    }

    /**
     * With more than four axes oneDNN's products come out wrong unless each matrix lies within one step of the axes before it. Batches
     * of products that sum over one element do where the matrices have gaps between them: it reads what lies there.
     */
    private static boolean isPlain(NDArray x, boolean many, boolean thin) {
        if (thin) {
            return x.isContiguous();
        }
        if (!isPlain(x) || !many) {
            return isPlain(x);
        }
        long extent = 1;
        for (int i = x.shape().rank() - 1; i >= 0; i--) {
            long reach = x.shape().dim(i) * x.strides()[i];
            if (x.shape().dim(i) > 1 && i >= x.shape().rank() - 2) {
                extent = Math.max(extent, reach);
            } else if (x.shape().dim(i) > 1 && x.strides()[i] != 0) {
                if (x.strides()[i] < extent) {
                    return false;
                }
                extent = reach;
            }
        }
        return true;
    }

    private static NDArray plain(NDArray x, boolean many, boolean thin) {
        return isPlain(x, many, thin) ? x : Operands.copy(x);
    }

    /** The matrices with as many batch axes as the result; repeated ones have size 1. */
    private static Tensor ranked(NDArray x, Spec result) {
        int rank = result.shape().rank();
        int missing = rank - x.shape().rank();
        if (missing == 0 && rank == 2) {
            return Operands.of(x);
        }
        long[] dims = new long[rank];
        long[] strides = new long[rank];
        for (int i = 0; i < rank; i++) {
            boolean repeated = i < missing || i < rank - 2 && x.strides()[i - missing] == 0;
            dims[i] = repeated ? 1 : x.shape().dim(i - missing);
            strides[i] = repeated ? 1 : x.strides()[i - missing];
        }
        for (int i = rank - 3; i >= 0; i--) {
            if (dims[i] == 1) {
                strides[i] = dims[i + 1] * strides[i + 1];
            }
        }
        return new Tensor(x.dtype(), dims, strides, x.address());
    }
}
