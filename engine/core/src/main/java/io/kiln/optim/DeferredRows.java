package io.kiln.optim;

import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Parameter;
import io.kiln.op.Dispatch;
import io.kiln.op.index.Gather;
import io.kiln.op.index.SegmentSum;
import java.util.Arrays;

/**
 * A table whose rows are updated when they are looked up, as if all of them were updated in each step. A row that a
 * batch does not look up has gradient 0; its weights and states still change, by momentum or decay, but nothing reads
 * them. These updates are therefore deferred until the row is looked up again, or the whole table is read, and are then
 * applied one after another while the row is in the cache, with the numbers of the steps that they belong to: the same
 * operations on the same operands, hence the same bits. Rows whose gradient and states have always been 0 do not change
 * at all (unless weights decay) and are skipped.
 *
 * <p>No row is deferred for more than {@value #WINDOW} steps: each step brings a part of the table up to date.
 *
 * <p>B. Carpenter: Lazy Sparse Stochastic Gradient Descent for Regularized Multinomial Logistic Regression, 2008,
 * defers decay in this way, in closed form.
 *
 * <p>Concurrency: one thread.
 */
final class DeferredRows implements AutoCloseable {
    /** The maximum number of steps for which a row is deferred. */
    static final int WINDOW = 256;

    /**
     * Number of elements of one array that are brought up to date together: they and their states stay in a
     * second-level cache.
     */
    private static final long CHUNK = 1 << 16;

    private static final int AT_REST = -1;

    private final Parameter parameter;
    private final Optimizer optimizer;
    private final NDArray[] states;
    private final NDArray zero;
    private final int rows;
    private final long width;
    private final boolean rests;
    private final Runnable settling = this::settle;
    private final double[][] scalars = new double[WINDOW + 1][];
    /** The number of the last update of each row; {@link #AT_REST} before its first gradient. */
    private final int[] last;
    /** The position of a row in the batch, if {@link #seen} says that it has one. */
    private final int[] place;

    private final int[] seen;
    private int updates;
    private int batches;
    private int swept;
    private boolean upToDate = true;
    private int[] batch = {};
    private long[] segment = {};

    /**
     * Starts with a table that is up to date.
     *
     * @param parameter the table
     * @param optimizer an optimizer that updates lazily
     * @param states its states, all 0 unless {@link #updatedElsewhere} is called next
     * @param decays whether weights decay
     */
    DeferredRows(Parameter parameter, Optimizer optimizer, NDArray[] states, boolean decays) {
        this.parameter = parameter;
        this.optimizer = optimizer;
        this.states = states.clone();
        rows = Math.toIntExact(parameter.shape().dim(0));
        width = parameter.shape().without(0).size();
        rests = !decays;
        last = new int[rows];
        Arrays.fill(last, rests ? AT_REST : 0);
        place = new int[rows];
        seen = new int[rows];
        try (Scope scope = Scope.open()) {
            zero = parameter
                    .storedValue()
                    .factory()
                    .zeros(Shape.of(1), parameter.dtype())
                    .detach();
        }
        claim();
    }

    /** Makes this object defer the parameter's updates: another one that did so applies them now. */
    void claim() {
        parameter.defer(settling);
    }

    /** Brings the rows of a batch up to date, before they are read. */
    void looksUp(NDArray numbers) {
        long[] n = numbers.toLongArray();
        for (long r : n) {
            if (r < 0 || r >= rows) {
                throw IndexRangeException.first("gather (axis 0)", "indices", numbers, 0, rows - 1);
            }
        }
        batches++;
        int[] distinct = new int[n.length];
        int count = 0;
        for (long r : n) {
            if (seen[(int) r] != batches) {
                seen[(int) r] = batches;
                distinct[count++] = (int) r;
            }
        }
        batch = Arrays.copyOf(distinct, count);
        segment = new long[n.length];
        for (int i = 0; i < count; i++) {
            place[batch[i]] = i;
        }
        for (int i = 0; i < n.length; i++) {
            segment[i] = place[(int) n[i]];
        }
        catchUp(batch, count);
    }

    /**
     * Updates the rows of the batch.
     *
     * @param gradient a row for each number that was looked up
     * @param step the numbers of this update
     */
    void update(NDArray gradient, Step step) {
        double[] now = optimizer.scalars(step);
        scalars[updates % scalars.length] = now;
        updates++;
        upToDate = false;
        try (Scope scope = Scope.open()) {
            if (batch.length > 0) {
                NDArray sums = Dispatch.withoutGradient(
                        new SegmentSum(batch.length),
                        flat(gradient),
                        zero.factory().of(Shape.of(segment.length), segment));
                NDArray numbers = numbers(batch, batch.length);
                NDArray[] parts = take(numbers);
                run(parts, sums, now);
                put(numbers, parts);
            }
        }
        for (int r : batch) {
            last[r] = rests && states.length == 0 ? AT_REST : updates;
        }
        sweep();
    }

    /** The whole table has been updated elsewhere, after a call of {@link Parameter#value()}. */
    void updatedElsewhere() {
        Arrays.fill(last, updates);
    }

    /** Brings all rows up to date. */
    void settle() {
        if (upToDate) {
            return;
        }
        int chunk = (int) Math.max(1, Math.min(rows, 4 * CHUNK / Math.max(1, width)));
        for (int from = 0; from < rows; from += chunk) {
            catchUpRange(from, Math.min(rows, from + chunk));
        }
        upToDate = true;
    }

    private void sweep() {
        int part = (rows + WINDOW - 1) / WINDOW;
        int end = Math.min(rows, swept + part);
        catchUpRange(swept, end);
        swept = end == rows ? 0 : end;
    }

    private void catchUpRange(int from, int to) {
        int[] behind = new int[to - from];
        int count = 0;
        for (int r = from; r < to; r++) {
            if (last[r] != AT_REST && last[r] < updates) {
                behind[count++] = r;
            }
        }
        catchUp(behind, count);
    }

    /** Applies the updates that rows have missed: those that have missed most come first, and wait for the others. */
    private void catchUp(int[] numbers, int count) {
        int[] behind = byMissed(numbers, count);
        if (behind.length == 0) {
            return;
        }
        int chunk = (int) Math.max(1, CHUNK / Math.max(1, width));
        for (int from = 0; from < behind.length; from += chunk) {
            int[] part = Arrays.copyOfRange(behind, from, Math.min(behind.length, from + chunk));
            try (Scope scope = Scope.open()) {
                NDArray at = numbers(part, part.length);
                NDArray[] arrays = take(at);
                NDArray[] prefix = arrays;
                int size = 0;
                for (int u = last[part[0]]; u < updates; u++) {
                    int grown = size;
                    while (grown < part.length && last[part[grown]] <= u) {
                        grown++;
                    }
                    if (grown > size) {
                        size = grown;
                        prefix = first(arrays, size);
                    }
                    run(prefix, zero, scalars[u % scalars.length]);
                }
                put(at, arrays);
            }
            for (int r : part) {
                last[r] = updates;
            }
        }
    }

    /** Rows that have missed updates, sorted by the number missed, in descending order. */
    private int[] byMissed(int[] numbers, int count) {
        int[] starts = new int[WINDOW + 2];
        for (int i = 0; i < count; i++) {
            starts[missed(numbers[i])]++;
        }
        int total = count - starts[0];
        int at = 0;
        for (int k = starts.length - 1; k > 0; k--) {
            int here = starts[k];
            starts[k] = at;
            at += here;
        }
        int[] sorted = new int[total];
        for (int i = 0; i < count; i++) {
            int k = missed(numbers[i]);
            if (k > 0) {
                sorted[starts[k]++] = numbers[i];
            }
        }
        return sorted;
    }

    private int missed(int row) {
        return last[row] == AT_REST ? 0 : updates - last[row];
    }

    private NDArray numbers(int[] rows, int count) {
        return zero.factory().of(Shape.of(count), Arrays.copyOf(rows, count));
    }

    private NDArray flat(NDArray x) {
        return x.reshape(Shape.of(segment.length, width));
    }

    /** Copies of rows of the weight and of the states. */
    private NDArray[] take(NDArray numbers) {
        NDArray[] parts = new NDArray[1 + states.length];
        for (int i = 0; i < parts.length; i++) {
            NDArray whole = i == 0 ? parameter.storedValue() : states[i - 1];
            NDArray part = Dispatch.withoutGradient(new Gather(0), whole, numbers);
            parts[i] = part.reshape(Shape.of(numbers.size(), width));
        }
        return parts;
    }

    private static NDArray[] first(NDArray[] arrays, long count) {
        return Arrays.stream(arrays)
                .map(a -> a.view(Shape.of(count, a.shape().dim(1)), a.strides(), 0))
                .toArray(NDArray[]::new);
    }

    private void put(NDArray numbers, NDArray... parts) {
        for (int i = 0; i < parts.length; i++) {
            NDArray whole = i == 0 ? parameter.storedValue() : states[i - 1];
            InPlace.putRows(whole, numbers, parts[i]);
        }
    }

    private void run(NDArray[] parts, NDArray gradient, double[] numbers) {
        NDArray[] inputs = new NDArray[1 + parts.length];
        inputs[0] = parts[0];
        inputs[1] = gradient;
        System.arraycopy(parts, 1, inputs, 2, states.length);
        InPlace.run(optimizer.program(), inputs, parts, numbers);
    }

    /** Brings all rows up to date and stops deferring. */
    @Override
    public void close() {
        parameter.endDefer(settling);
        zero.close();
    }
}
