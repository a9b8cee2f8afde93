package io.kiln.optim;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.Map;

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
     * @return the sum; those of several workers' slices may be added. On a device it waits once
     */
    public static double sumOfSquares(Collection<NDArray> gradients) {
        try (Scope scope = Scope.open()) {
            return new Look(gradients, false, true).sumOfSquares();
        }
    }

    /**
     * Whether all elements are finite.
     *
     * @param gradients the gradients
     * @return false when one is infinite or not a number. On a device it waits once
     */
    public static boolean areFinite(Collection<NDArray> gradients) {
        try (Scope scope = Scope.open()) {
            return new Look(gradients, true, false).areFinite();
        }
    }

    /**
     * Whether all elements are finite, where it is computed.
     *
     * @param gradient a gradient with elements
     * @return 0 when one is not, else 1; float32[]
     */
    public static NDArray finite(NDArray gradient) {
        try (NDArray finite = gradient.isFinite();
                NDArray numbers = finite.cast(DType.FLOAT32)) {
            return numbers.min();
        }
    }

    /**
     * The sum of squares, where it is computed.
     *
     * @param gradient a gradient
     * @return a scalar of its dtype
     */
    public static NDArray squares(NDArray gradient) {
        try (NDArray each = gradient.mul(gradient)) {
            return each.sum();
        }
    }

    /** A look at all gradients of a step, for which one wait is enough. Arrays are those of the calling scope. */
    static final class Look {
        private final Collection<NDArray> gradients;
        private final Map<NDArray, NDArray> finite = new IdentityHashMap<>();
        private final Map<NDArray, NDArray> squares = new IdentityHashMap<>();

        /**
         * Gives the work to devices; elsewhere it is done when it is asked for.
         *
         * @param gradients the gradients
         * @param finite whether {@link #areFinite} will be asked
         * @param squares whether {@link #sumOfSquares} will be asked
         */
        Look(Collection<NDArray> gradients, boolean finite, boolean squares) {
            this.gradients = gradients;
            for (NDArray g : gradients) {
                if (!g.backend().traits().hostAddressable()) {
                    if (finite && g.size() > 0) {
                        this.finite.put(g, GradientClipping.finite(g).prefetch());
                    }
                    if (squares) {
                        this.squares.put(g, GradientClipping.squares(g).prefetch());
                    }
                }
            }
        }

        boolean areFinite() {
            for (NDArray g : gradients) {
                NDArray least = finite.get(g);
                if (g.size() > 0 && (least == null ? GradientClipping.finite(g) : least).item() == 0) {
                    return false;
                }
            }
            return true;
        }

        double sumOfSquares() {
            double sum = 0;
            for (NDArray g : gradients) {
                NDArray known = squares.get(g);
                sum += (known == null ? GradientClipping.squares(g) : known).item();
            }
            return sum;
        }
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
