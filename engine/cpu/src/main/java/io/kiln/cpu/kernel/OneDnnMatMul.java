package io.kiln.cpu.kernel;

import io.kiln.backend.KernelPlan;
import io.kiln.cpu.Fallback;
import io.kiln.cpu.onednn.CpuContext;
import io.kiln.cpu.onednn.MatMul;
import io.kiln.cpu.onednn.PostOps;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.nn.Linear;

/** Matrix products and affine maps by oneDNN. */
final class OneDnnMatMul {

    private OneDnnMatMul() {}

    static KernelPlan matMul(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        Layout a = inputs[0];
        Layout b = inputs[1];
        if (a.dtype() != b.dtype() || !Operands.served(a.dtype()) || Operands.isEmpty(a) || Operands.isEmpty(b)) {
            return null;
        }
        NarrowKernels.advise(a.dtype());
        boolean many = outputs[0].shape().rank() > 4;
        boolean thin = outputs[0].shape().rank() > 2 && a.shape().dim(-1) == 1;
        if (isPlain(a, many, thin) && isPlain(b, many, thin)) {
            return fallback.calls(operator, null, (in, out, workspace) -> multiply(in[0], in[1], out[0]));
        }
        return fallback.attempt(operator, null, (in, out, workspace) -> {
            try (Scope copies = Scope.open()) {
                return multiply(plain(in[0], many, thin), plain(in[1], many, thin), out[0]);
            }
        });
    }

    private static boolean multiply(NDArray a, NDArray b, NDArray y) {
        int rank = y.shape().rank();
        return MatMul.run(ranked(a, rank), ranked(b, rank), null, Operands.of(y), PostOps.NONE);
    }

    static KernelPlan linear(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        Layout x = inputs[0];
        if (!Operands.served(x.dtype()) || Operands.isEmpty(x) || Operands.isEmpty(inputs[1])) {
            return null;
        }
        NarrowKernels.advise(x.dtype());
        boolean whole = x.shape().rank() == 2 && isPlain(x) || x.isContiguous();
        Activation activation = ((Linear) operator).activation();
        return fallback.calls(operator, null, (in, out, workspace) -> {
            try (Scope copies = Scope.open()) {
                Tensor rows = rows(whole ? in[0] : Operands.copy(in[0]));
                Tensor weights = Operands.read(in[1]);
                Tensor turned = weights.as(
                        new long[] {weights.dims()[1], weights.dims()[0]},
                        new long[] {weights.strides()[1], weights.strides()[0]});
                Tensor bias = in.length < 3 ? null : asRow(Operands.read(in[2]));
                Tensor y = rows(out[0]);
                boolean computed = MatMul.run(rows, turned, bias, y, postOps(activation));
                if (computed && activation == Activation.RELU && CpuContext.tookInvalid()) {
                    MatMul.run(rows, turned, bias, y, PostOps.NONE);
                    Specials.rectify(out[0]);
                }
                return computed;
            }
        });
    }

    /**
     * oneDNN's implementation of an activation. Its ReLU turns NaN into 0: callers must check for invalid operations
     * afterwards.
     */
    static PostOps postOps(Activation activation) {
        return then(PostOps.NONE, activation);
    }

    /** Post-ops followed by an activation. */
    static PostOps then(PostOps steps, Activation activation) {
        return switch (activation) {
            case NONE -> steps;
            case RELU -> steps.then(io.kiln.cpu.onednn.Activation.RELU, 0, 0);
            case SIGMOID -> steps.then(io.kiln.cpu.onednn.Activation.LOGISTIC, 0, 0);
            case TANH -> steps.then(io.kiln.cpu.onednn.Activation.TANH, 0, 0);
        };
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

    /** Whether the last two axes can be described; repeated batch axes can be (as size 1). */
    private static boolean isPlain(Layout x) {
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
     * With more than four axes oneDNN's products are wrong unless each matrix lies within one step of the axes before
     * it. So are batches of products that sum over one element if the matrices have gaps between them: it reads the
     * gaps.
     */
    private static boolean isPlain(Layout x, boolean many, boolean thin) {
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
        return isPlain(x.layout(), many, thin) ? x : Operands.copy(x);
    }

    /** The matrices with as many batch axes as the result; repeated ones have size 1. */
    private static Tensor ranked(NDArray x, int rank) {
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
