package io.kiln.conformance;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import java.util.Optional;

/** What differs between an array and the one that a suite wants. */
final class Difference {
    private Difference() {}

    /** Compares shape, dtype, and elements with |got − want| ≤ absolute + relative·|want|; NaN equals NaN. */
    static Optional<String> between(String name, NDArray got, NDArray want, double relative, double absolute) {
        if (!got.shape().equals(want.shape())) {
            return Optional.of("%s: shape %s in place of %s".formatted(name, got.shape(), want.shape()));
        }
        if (got.dtype() != want.dtype()) {
            return Optional.of("%s: %s in place of %s".formatted(name, got.dtype(), want.dtype()));
        }
        double rounding = want.dtype() == DType.FLOAT16 ? 2e-3 : want.dtype() == DType.BFLOAT16 ? 2e-2 : 0;
        double[] a = got.toDoubleArray();
        double[] b = want.toDoubleArray();
        for (int k = 0; k < a.length; k++) {
            boolean same = Double.compare(a[k], b[k]) == 0
                    || a[k] == b[k]
                    || Math.abs(a[k] - b[k]) <= absolute + Math.max(relative, rounding) * Math.abs(b[k]);
            if (!same) {
                return Optional.of("%s[%d]: %s in place of %s".formatted(name, k, a[k], b[k]));
            }
        }
        return Optional.empty();
    }
}
