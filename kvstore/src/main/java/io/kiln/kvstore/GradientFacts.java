package io.kiln.kvstore;

import io.kiln.ndarray.NDArray;
import io.kiln.optim.GradientClipping;
import java.util.List;

/**
 * Facts about the gradients of all workers.
 *
 * @param overflows the number of workers that own non-finite ones
 * @param squares the sum of their squares
 */
record GradientFacts(double overflows, double squares) {
    /**
     * Looks at gradients.
     *
     * @param owned those that this worker owns
     * @param finite whether to look for non-finite ones
     * @param norm whether to sum the squares
     * @param sums sums over the workers; null for a single one
     */
    static GradientFacts of(List<NDArray> owned, boolean finite, boolean norm, WorkerSums sums) {
        if (!finite && !norm) {
            return new GradientFacts(0, 0);
        }
        double overflows = finite && !GradientClipping.areFinite(owned) ? 1 : 0;
        double[] all = {overflows, norm ? GradientClipping.sumOfSquares(owned) : 0};
        if (sums != null) {
            sums.sum(all);
        }
        return new GradientFacts(all[0], all[1]);
    }
}
