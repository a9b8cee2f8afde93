package io.kiln.op.internal;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.LateCheck;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Opaque;

/**
 * Class labels as int32, after a check that each is a whole number from 0 to K-1. Input: label[…] of any integer or
 * floating dtype. Output: label[…], int32. No gradient flows. A cast alone would take 1.5 for 1 and NaN for 0.
 *
 * @param operation the operation that the labels are for, named in errors
 * @param classes K
 */
public record ClassIndices(String operation, long classes) implements Opaque {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {new Spec(inputs[0].shape(), DType.INT32)};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray label = inputs[0];
        if (label.isKnownToHost()) {
            check(label);
        } else if (label.size() > 0) {
            checkLate(label);
        }
        return new NDArray[] {label.cast(DType.INT32)};
    }

    private void check(NDArray label) {
        if (label.dtype().isFloating()) {
            for (double v : label.cast(DType.FLOAT64).toDoubleArray()) {
                if (!(v >= 0 && v < classes && v == Math.rint(v))) {
                    throw fault(label);
                }
            }
            return;
        }
        for (long v : label.toLongArray()) {
            if (v < 0 || v >= classes) {
                throw fault(label);
            }
        }
    }

    private void checkLate(NDArray label) {
        try (Scope scope = Scope.open();
                Autograd.Mode mode = Autograd.pause()) {
            NDArray inside = label.ge(0).cast(DType.INT32).mul(label.lt(classes).cast(DType.INT32));
            if (label.dtype().isFloating()) {
                inside = inside.mul(label.eq(label.floor()).cast(DType.INT32));
            }
            LateCheck.notZero(inside.min(), label, this::fault);
        }
    }

    private IndexRangeException fault(NDArray label) {
        return IndexRangeException.first(operation, "labels", label, 0, classes - 1);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[1];
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
