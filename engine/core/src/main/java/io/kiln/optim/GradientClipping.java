package io.kiln.optim;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import java.util.Collection;

/**
 * Clipping by the norm of all gradients together, which keeps their direction. R. Pascanu et al., ICML 2013. (Clipping by
 * value happens inside the updates.)
 */
public final class GradientClipping {
    private GradientClipping() {}

    /**
     * The sum of squares of all elements.
     *
     * @param gradients the gradients
     * @return the sum; those of several workers' slices may be added
     */
    public static double sumOfSquares(Collection<NDArray> gradients) {
        double sum = 0;
        try (Scope scope = Scope.open()) {
            for (NDArray g : gradients) {
                sum += Updates.squares(g);
            }
        }
        return sum;
    }

    /**
     * Whether all elements are finite.
     *
     * @param gradients the gradients
     * @return false when one is infinite or not a number
     */
    public static boolean areFinite(Collection<NDArray> gradients) {
        try (Scope scope = Scope.open()) {
            for (NDArray g : gradients) {
                if (g.size() > 0 && g.isFinite().cast(DType.FLOAT32).min().item() == 0) {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * The factor that brings a norm down to a bound: \(\min(1, c / \|g\|)\).
     *
     * @param norm Euclidean norm of all (rescaled) gradients
     * @param bound c, the bound
     * @return a factor of at most 1; NaN for a norm that is not finite, so that the trouble is not hidden
     */
    public static double factor(double norm, double bound) {
        return Double.isFinite(norm) ? Math.min(1, bound / Math.max(norm, Double.MIN_NORMAL)) : Double.NaN;
    }
}
