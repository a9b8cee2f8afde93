package io.kiln.op.internal;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.LateCheck;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Opaque;

/**
 * The indptr of a CSR matrix as it is, after a check that it ascends from 0 to the number of elements. Inputs:
 * indptr[rows+1] and indices[n], both int32 or int64. Output: indptr.
 *
 * @param operation the operation that it is for, named in errors
 */
public record RowStarts(String operation) implements Opaque {
    @Override
    public Spec[] infer(Spec... inputs) {
        Indices.check(operation, inputs[0]);
        return new Spec[] {inputs[0]};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray indptr = inputs[0];
        long n = inputs[1].size();
        if (indptr.isKnownToHost()) {
            check(operation, indptr.toLongArray(), n);
        } else if (indptr.size() > 0) {
            checkLate(indptr, n);
        }
        return new NDArray[] {indptr.cast(indptr.dtype())};
    }

    /** Checks row starts that are known. */
    public static void check(String operation, long[] starts, long n) {
        for (int i = 0; i < starts.length; i++) {
            boolean ascends = i == 0 ? starts[i] == 0 : starts[i] >= starts[i - 1];
            if (!ascends || starts[i] > n || i == starts.length - 1 && starts[i] != n) {
                throw new IllegalArgumentException(operation + ": indptr must ascend from 0 to the number of values, "
                        + n + ", got " + starts[i] + " at [" + i + "]");
            }
        }
    }

    private void checkLate(NDArray indptr, long n) {
        try (Scope scope = Scope.open();
                Autograd.Mode mode = Autograd.pause()) {
            long rows = indptr.size() - 1;
            NDArray from = indptr.slice(0, 0, 1).eq(0).cast(DType.INT32);
            NDArray to = indptr.slice(0, rows, rows + 1).eq(n).cast(DType.INT32);
            NDArray right = from.mul(to).min();
            if (rows > 0) {
                NDArray ascends = indptr.slice(0, 1, rows + 1).ge(indptr.slice(0, 0, rows));
                right = right.mul(ascends.cast(DType.INT32).min());
            }
            LateCheck.notZero(right, indptr, starts -> fault(starts, n));
        }
    }

    private RuntimeException fault(NDArray indptr, long n) {
        try {
            check(operation, indptr.toLongArray(), n);
        } catch (IllegalArgumentException e) {
            return e;
        }
        throw new IllegalStateException(operation + ": indptr changed after it was refused");
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[2];
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
