package io.kiln.kvstore;

import io.kiln.compile.internal.CapturedWork;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.optim.GradientClipping;
import java.util.ArrayList;
import java.util.List;

/**
 * What is looked at in the gradients of a step before it updates: whether all are finite, for a loss scale, and their
 * norm, for clipping. A device that captures work is given it in one call from the third step on, as long as gradients
 * stay in the same arrays, and is waited for once.
 */
final class GradientLook implements AutoCloseable {
    private final boolean finite;
    private final boolean norm;
    private final List<ExchangeBucket> buckets;
    private final CapturedWork captured = new CapturedWork("a look at the gradients of an exchange", false);

    /**
     * Looks at nothing yet.
     *
     * @param finite whether to look for non-finite gradients
     * @param norm whether to sum the squares
     * @param buckets the dense gradients
     */
    GradientLook(boolean finite, boolean norm, List<ExchangeBucket> buckets) {
        this.finite = finite;
        this.norm = norm;
        this.buckets = buckets;
    }

    /**
     * Looks at the gradients that this worker owns, and adds what the others find.
     *
     * @param perParameter how buckets are divided, which decides the order of sums
     * @param rows gradients by rows
     * @param sums sums over the workers; null for a single one
     */
    GradientFacts look(boolean perParameter, List<NDArray> rows, WorkerSums sums) {
        if (!finite && !norm) {
            return new GradientFacts(0, 0);
        }
        List<NDArray> dense = parts(perParameter);
        double[] all;
        if (dense.isEmpty() || !dense.get(0).backend().traits().captures()) {
            dense.addAll(rows);
            all = facts(dense);
        } else {
            all = new double[2];
            add(captured(perParameter), all);
            try (Scope scope = Scope.open()) {
                add(found(rows.stream().filter(g -> g.size() > 0).toList()), all);
            }
        }
        if (sums != null) {
            sums.sum(all);
        }
        return new GradientFacts(all[0], all[1]);
    }

    private List<NDArray> parts(boolean perParameter) {
        List<NDArray> gradients = new ArrayList<>();
        for (ExchangeBucket b : buckets) {
            b.parts(perParameter).stream()
                    .map(ExchangeBucket.Part::gradient)
                    .filter(g -> g.size() > 0)
                    .forEach(gradients::add);
        }
        return gradients;
    }

    /** 1 if there are non-finite ones, and the sum of squares. */
    private double[] facts(List<NDArray> gradients) {
        double overflows = finite && !GradientClipping.areFinite(gradients) ? 1 : 0;
        return new double[] {overflows, norm ? GradientClipping.sumOfSquares(gradients) : 0};
    }

    private NDArray[] captured(boolean perParameter) {
        List<NDArray> arrays = new ArrayList<>();
        buckets.forEach(b -> arrays.addAll(b.gradientArrays()));
        return captured.run(none -> found(parts(perParameter)), arrays.toArray(new NDArray[0]));
    }

    /** Adds one by one, in the order of {@link #facts}, so that sums have the same bits. */
    private void add(NDArray[] found, double... facts) {
        for (NDArray f : found) {
            f.prefetch();
        }
        int count = finite && norm ? found.length / 2 : found.length;
        for (int i = 0; finite && i < count; i++) {
            facts[0] = Math.max(facts[0], found[i].item() == 0 ? 1 : 0);
        }
        for (int i = 0; norm && i < count; i++) {
            facts[1] += found[found.length - count + i].item();
        }
    }

    private NDArray[] found(List<NDArray> gradients) {
        List<NDArray> found = new ArrayList<>();
        if (finite) {
            gradients.forEach(g -> found.add(GradientClipping.finite(g)));
        }
        if (norm) {
            gradients.forEach(g -> found.add(GradientClipping.squares(g)));
        }
        return found.toArray(new NDArray[0]);
    }

    @Override
    public void close() {
        captured.close();
    }
}
