package io.kiln.data;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.shape.Movement;
import java.util.Arrays;
import java.util.List;

/**
 * Combines samples into a batch.
 *
 * @param <T> type of a sample
 */
@FunctionalInterface
public interface Collate<T> {
    /**
     * Creates a batch. Called on the threads of a loader.
     *
     * @param samples at least one
     * @return arrays whose first axis is the batch
     */
    NDArray[] batch(List<T> samples);

    /** {@return a collation that stacks the arrays of samples, with one output per array of a sample} */
    static Collate<NDArray[]> stack() {
        return samples -> {
            NDArray[] batch = new NDArray[samples.get(0).length];
            for (int i = 0; i < batch.length; i++) {
                int which = i;
                batch[i] = Movement.stack(0, samples.stream().map(s -> s[which]).toArray(NDArray[]::new));
            }
            return batch;
        };
    }

    /** {@return a collation of rows of numbers to x[N,n] float32 and labels[N] float32} */
    static Collate<Labeled<float[]>> rows() {
        return samples -> {
            int n = samples.get(0).data().length;
            float[] all = new float[Math.multiplyExact(n, samples.size())];
            for (int i = 0; i < samples.size(); i++) {
                float[] row = samples.get(i).data();
                if (row.length != n) {
                    throw new ShapeException("rows: the first sample of the batch has " + n + " numbers, sample " + i
                            + " has " + row.length);
                }
                System.arraycopy(row, 0, all, i * n, n);
            }
            return new NDArray[] {NDArray.of(Shape.of(samples.size(), n), all), labels(samples)};
        };
    }

    /**
     * Collates sequences of token ids, padded to the longest of the batch.
     *
     * @param padding the token after the end
     * @return tokens[N,longest] int64, lengths[N] int64 and labels[N] float32
     */
    static Collate<Labeled<long[]>> sequences(long padding) {
        return samples -> {
            int longest = samples.stream().mapToInt(s -> s.data().length).max().orElse(0);
            long[] all = new long[Math.multiplyExact(longest, samples.size())];
            long[] lengths = new long[samples.size()];
            Arrays.fill(all, padding);
            for (int i = 0; i < lengths.length; i++) {
                long[] tokens = samples.get(i).data();
                lengths[i] = tokens.length;
                System.arraycopy(tokens, 0, all, i * longest, tokens.length);
            }
            return new NDArray[] {
                NDArray.of(Shape.of(lengths.length, longest), all),
                NDArray.of(Shape.of(lengths.length), lengths),
                labels(samples)
            };
        };
    }

    /**
     * The labels of samples.
     *
     * @param <D> the data
     * @param samples the samples
     * @return labels[N] float32
     */
    static <D> NDArray labels(List<Labeled<D>> samples) {
        float[] labels = new float[samples.size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = (float) samples.get(i).label();
        }
        return NDArray.of(Shape.of(labels.length), labels);
    }
}
