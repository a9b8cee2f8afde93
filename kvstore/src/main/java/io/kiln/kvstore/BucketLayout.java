package io.kiln.kvstore;

import io.kiln.kvstore.collective.Slices;
import io.kiln.ndarray.DType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Assigns parameters to flat buckets. Backward passes finish parameters from the last to the first, so the first bucket
 * holds the last parameters; a bucket is closed when it reaches the wanted size.
 */
final class BucketLayout {
    /** Parameters start at multiples of this many elements, so that kernels find them aligned. */
    private static final int ALIGNMENT = 16;

    private final List<Bucket> buckets = new ArrayList<>();
    private final long[] load;

    /** A parameter's place: elements [offset, offset + size) of its bucket. */
    record Slot(int parameter, long offset, long size, boolean decayed, double rateFactor) {
        /** Whether both are updated with the same numbers. */
        boolean isUpdatedAs(Slot other) {
            return decayed == other.decayed && rateFactor == other.rateFactor;
        }
    }

    /** One bucket: its parameters, its length including gaps, and the owners of its slices. */
    record Bucket(DType dtype, long size, List<Slot> slots, Slices slices) {}

    /** A part of a bucket whose elements are updated with the same numbers. */
    record Run(long start, long length, Slot first) {}

    /**
     * Lays out the parameters.
     *
     * @param sizes elements of each parameter
     * @param dtypes their types
     * @param decayed whether weight decay applies to each
     * @param rateFactors the factor on the learning rate of each
     * @param workers owners of slices
     * @param wholeParameters whether parameters must not be split
     * @param bucketBytes wanted size of a bucket
     */
    BucketLayout(
            long[] sizes,
            DType[] dtypes,
            boolean[] decayed,
            double[] rateFactors,
            int workers,
            boolean wholeParameters,
            long bucketBytes) {
        load = new long[workers];
        List<Slot> slots = new ArrayList<>();
        long at = 0;
        for (int i = sizes.length - 1; i >= 0; i--) {
            slots.add(new Slot(i, at, sizes[i], decayed[i], rateFactors[i]));
            at = Math.addExact(at, (sizes[i] + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
            boolean last = i == 0 || dtypes[i - 1] != dtypes[i];
            if (last || at * dtypes[i].bytes() >= bucketBytes) {
                Slices slices = wholeParameters
                        ? byParameter(slots, at)
                        : Slices.forMessages(at, workers, buckets.size() % workers);
                buckets.add(new Bucket(dtypes[i], at, Collections.unmodifiableList(slots), slices));
                slots = new ArrayList<>();
                at = 0;
            }
        }
    }

    /** Lays out some of the parameters, given by their numbers. */
    static BucketLayout of(
            List<TrainedParameter> all, List<Integer> some, int workers, boolean wholeParameters, long bucketBytes) {
        int n = some.size();
        long[] sizes = new long[n];
        DType[] dtypes = new DType[n];
        boolean[] decayed = new boolean[n];
        double[] rateFactors = new double[n];
        for (int i = 0; i < n; i++) {
            TrainedParameter p = all.get(some.get(i));
            sizes[i] = p.value().size();
            dtypes[i] = p.value().dtype();
            decayed[i] = p.role().isDecayed();
            rateFactors[i] = p.rateFactor();
        }
        BucketLayout layout =
                new BucketLayout(sizes, dtypes, decayed, rateFactors, workers, wholeParameters, bucketBytes);
        layout.buckets.replaceAll(b -> new Bucket(
                b.dtype,
                b.size,
                b.slots.stream()
                        .map(s -> new Slot(some.get(s.parameter), s.offset, s.size, s.decayed, s.rateFactor))
                        .toList(),
                b.slices));
        return layout;
    }

    /**
     * Cuts only between parameters, near the even cuts; a parameter that cannot be cut goes to the rank with the least
     * so far.
     */
    private Slices byParameter(List<Slot> slots, long size) {
        int workers = load.length;
        if (slots.size() < workers) {
            int least = 0;
            for (int r = 1; r < workers; r++) {
                least = load[r] < load[least] ? r : least;
            }
            load[least] += size;
            return Slices.whole(size, workers, least);
        }
        long[] bounds = new long[workers + 1];
        bounds[workers] = size;
        int next = 0;
        for (int r = 1; r < workers; r++) {
            long even = size / workers * r;
            while (next < slots.size() && slots.get(next).offset < even) {
                next++;
            }
            bounds[r] = next < slots.size() ? slots.get(next).offset : size;
        }
        for (int r = 0; r < workers; r++) {
            load[r] += bounds[r + 1] - bounds[r];
        }
        return Slices.of(bounds);
    }

    List<Bucket> buckets() {
        return buckets;
    }

    /** The parts of a bucket that a rank updates: one run per parameter, or per stretch of equally updated ones. */
    static List<Run> runs(Bucket b, int rank, boolean perParameter) {
        long begin = b.slices.start(rank);
        long end = begin + b.slices.length(rank);
        List<Run> runs = new ArrayList<>();
        for (int i = 0; i < b.slots.size(); i++) {
            Slot first = b.slots.get(i);
            while (!perParameter && i + 1 < b.slots.size() && b.slots.get(i + 1).isUpdatedAs(first)) {
                i++;
            }
            Slot last = b.slots.get(i);
            long from = Math.max(begin, first.offset);
            long to = Math.min(end, last.offset + last.size);
            if (from < to) {
                runs.add(new Run(from, to - from, first));
            }
        }
        return runs;
    }
}
