package io.kiln.kvstore;

import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.RowSparse;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.index.Gather;
import io.kiln.optim.Step;
import io.kiln.optim.UpdateRule;
import io.kiln.optim.Updates;
import java.util.Arrays;

/**
 * A parameter whose gradients are row-sparse: all its rows, the optimizer's states of the rows that this rank owns, and
 * the gradient of the step. Rank r of w owns the rows r, r + w, r + 2w, …: vocabularies are often sorted by frequency, and
 * ranges would give one rank most of the work.
 */
final class RowTable implements AutoCloseable {
    /** Owned rows that are saved or sent at once. */
    static final int PART = 1 << 14;

    private final TrainedParameter parameter;
    private final int rank;
    private final int size;
    private final NDArray weight;
    private final NDArray[] states;
    private RowSparse gradient;
    private RowSparse sum;

    RowTable(TrainedParameter parameter, int rank, int size, int stateCount) {
        Shape shape = parameter.value().shape();
        this.parameter = parameter;
        this.rank = rank;
        this.size = size;
        this.weight =
                (parameter.handedOver() ? parameter.value() : parameter.value().copy()).detach();
        this.states = new NDArray[stateCount];
        Shape owned = shape.with(0, ownedRows(rank));
        for (int i = 0; i < stateCount; i++) {
            states[i] = weight.factory().zeros(owned, weight.dtype()).detach();
        }
    }

    String name() {
        return parameter.name();
    }

    NDArray weight() {
        return weight;
    }

    NDArray[] states() {
        return states;
    }

    long rows() {
        return weight.shape().dim(0);
    }

    long rowBytes() {
        return weight.shape().without(0).size() * weight.dtype().bytes();
    }

    int ownedRows() {
        return ownedRows(rank);
    }

    int ownedRows(int owner) {
        long rows = parameter.value().shape().dim(0);
        return Math.toIntExact(rows <= owner ? 0 : (rows - owner - 1) / size + 1);
    }

    int owner(long row) {
        return (int) (row % size);
    }

    /** Numbers of up to {@link #PART} owned rows, from the given one on. */
    NDArray owned(int from) {
        long[] numbers = new long[Math.max(0, Math.min(PART, ownedRows() - from))];
        Arrays.setAll(numbers, i -> (long) (from + i) * size + rank);
        return weight.factory().of(Shape.of(numbers.length), numbers);
    }

    /** A copy of up to {@link #PART} owned rows. */
    NDArray ownedWeights(int from) {
        return Dispatch.withoutGradient(new Gather(0), weight, owned(from));
    }

    void putOwnedWeights(int from, NDArray rows) {
        InPlace.putRows(weight, owned(from), rows);
    }

    /** Stores this rank's gradient, in the place of an earlier one of the step. Rows with the same number are added, in order. */
    void gradient(NDArray numbers, NDArray rows) {
        try (Scope scope = Scope.open()) {
            RowSparse given = RowSparse.of(weight.shape(), numbers, rows).detach();
            if (gradient != null) {
                gradient.close();
            }
            gradient = given;
        }
    }

    /** This rank's gradient; null if it has no batch. */
    RowSparse gradient() {
        return gradient;
    }

    /** Stores the sum of all ranks' gradients, of the rows that this rank owns. */
    void sum(RowSparse ofOwnedRows) {
        sum = ofOwnedRows;
    }

    /** What this rank updates with: the sum or, for a single worker, its own gradient. */
    RowSparse sum() {
        return sum != null ? sum : gradient;
    }

    void update(UpdateRule rule, long updates, double rescale) {
        RowSparse g = sum();
        if (g == null || g.indices().size() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Step step = rule.step(updates, parameter.role(), rescale);
            step = step.withLearningRate(step.learningRate() * parameter.rateFactor());
            NDArray own = size == 1 ? g.indices() : local(g.indices());
            Updates.runOwnedRows(rule.optimizer(), step, weight, g, own, states);
        }
    }

    private NDArray local(NDArray numbers) {
        long[] all = numbers.toLongArray();
        for (int i = 0; i < all.length; i++) {
            if (owner(all[i]) != rank) {
                throw new KVStoreException("rows of %s: rank %d got the gradient of row %d, which rank %d owns"
                        .formatted(name(), rank, all[i], owner(all[i])));
            }
            all[i] /= size;
        }
        return numbers.factory().of(Shape.of(all.length), all);
    }

    void endStep() {
        if (gradient != null) {
            gradient.close();
            gradient = null;
        }
        if (sum != null) {
            sum.close();
            sum = null;
        }
    }

    @Override
    public void close() {
        endStep();
        weight.close();
        for (NDArray s : states) {
            s.close();
        }
    }
}
