package io.kiln.data;

import java.util.List;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.LongPredicate;
import java.util.function.LongUnaryOperator;
import java.util.function.Predicate;
import java.util.stream.LongStream;

/**
 * Samples with random access by index. The methods that derive other datasets do not copy; a {@link DataLoader} calls
 * {@link #get} on several threads.
 *
 * @param <T> type of a sample
 */
public interface Dataset<T> {
    /** {@return the number of samples} */
    long size();

    /**
     * Returns a sample.
     *
     * @param index from 0 to below {@link #size}
     * @return the sample
     * @throws IndexOutOfBoundsException for another index
     */
    T get(long index);

    /**
     * A dataset of samples in memory.
     *
     * @param <T> type of a sample
     * @param samples the samples
     * @return the dataset
     */
    static <T> Dataset<T> of(List<T> samples) {
        List<T> copy = List.copyOf(samples);
        return view(copy.size(), i -> i, i -> copy.get((int) i));
    }

    private static <T> Dataset<T> view(long size, LongUnaryOperator index, LongFunction<T> from) {
        return new Dataset<>() {
            @Override
            public long size() {
                return size;
            }

            @Override
            public T get(long i) {
                if (i < 0 || i >= size) {
                    throw new IndexOutOfBoundsException(
                            "dataset: index must be from 0 to below " + size + ", got " + i);
                }
                return from.apply(index.applyAsLong(i));
            }
        };
    }

    /**
     * Applies a function to each sample, whenever it is accessed.
     *
     * @param <U> type of the new samples
     * @param function the function; called by several threads
     * @return a dataset of the same size
     */
    default <U> Dataset<U> transform(Function<? super T, ? extends U> function) {
        return view(size(), i -> i, i -> function.apply(get(i)));
    }

    /**
     * Selects the samples that a predicate accepts. This accesses every sample once, immediately.
     *
     * @param accepts the predicate
     * @return a dataset of those samples
     */
    default Dataset<T> filter(Predicate<? super T> accepts) {
        LongPredicate accepted = i -> accepts.test(get(i));
        return sample(LongStream.range(0, size()).filter(accepted).toArray());
    }

    /**
     * One of several parts, containing every count-th sample; the sizes of parts differ by at most one.
     *
     * @param count number of parts, at least 1
     * @param part index of the part, from 0
     * @return the samples part, part + count, …
     */
    default Dataset<T> shard(long count, long part) {
        if (count < 1 || part < 0 || part >= count) {
            throw new IllegalArgumentException(
                    "shard: part must be from 0 to below count, got part " + part + " of " + count);
        }
        return view((size() - part + count - 1) / count, i -> part + i * count, this::get);
    }

    /**
     * The first samples.
     *
     * @param count how many, at least 0; all if there are fewer
     * @return a dataset of them
     */
    default Dataset<T> take(long count) {
        if (count < 0) {
            throw new IllegalArgumentException("take: count must be >= 0, got " + count);
        }
        return view(Math.min(count, size()), i -> i, this::get);
    }

    /**
     * Selects samples by index, in the given order.
     *
     * @param indices indices of samples of this dataset; may repeat
     * @return a dataset with as many samples
     */
    default Dataset<T> sample(long... indices) {
        long[] copy = indices.clone();
        for (long i : copy) {
            if (i < 0 || i >= size()) {
                throw new IndexOutOfBoundsException("sample: index must be from 0 to below " + size() + ", got " + i);
            }
        }
        return view(copy.length, i -> copy[(int) i], this::get);
    }
}
