package io.kiln.spark.feed;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

/**
 * The position of each row in the order of all rows: the rows of the DataFrame's first partition come first, and so on;
 * training and validation rows are counted separately. Worker r of w holds the rows from {@code r n / w} to
 * {@code (r + 1) n / w}.
 *
 * @param training first row of each partition, then the number of all training rows
 * @param validation first validation row of each partition, then the number of all
 * @param workers number of workers
 * @param bytes of all packed rows
 * @param fingerprints hashes of the blocks of each partition, in their order
 */
record Layout(long[] training, long[] validation, int workers, long bytes, long[][] fingerprints)
        implements Serializable {

    /**
     * The content of one partition.
     *
     * @param training number of training rows
     * @param validation number of validation rows
     * @param bytes of its blocks
     * @param fingerprints hashes of its blocks, in their order
     * @param labels moments of the training rows' labels
     * @param validationWeight sum of the validation rows' weights
     * @param stored stored elements of each field; those of sequences are not counted
     * @param error the message about its first invalid row, or null
     */
    record Part(
            long training,
            long validation,
            long bytes,
            long[] fingerprints,
            Moments labels,
            double validationWeight,
            long[] stored,
            String error)
            implements Serializable {
        static Part of(Iterator<byte[]> blocks) {
            long training = 0;
            long validation = 0;
            long bytes = 0;
            long[] fingerprints = new long[16];
            int count = 0;
            Moments labels = new Moments(1);
            double validationWeight = 0;
            long[] stored = new long[0];
            String error = null;
            while (blocks.hasNext()) {
                PackedBlock b = new PackedBlock(blocks.next());
                error = b.error() != null ? b.error() : error;
                training += b.isValidation() ? 0 : b.rows();
                validation += b.isValidation() ? b.rows() : 0;
                bytes += b.bytes();
                stored = stored.length == 0 ? new long[b.columns()] : stored;
                for (int f = 0; f < b.columns(); f++) {
                    stored[f] += b.column(f).isRagged() ? 0 : b.column(f).stored();
                }
                Moments ofBlock = Moments.ofLabels(b);
                if (b.isValidation()) {
                    validationWeight += ofBlock.weight();
                } else {
                    labels.add(ofBlock);
                }
                if (count == fingerprints.length) {
                    fingerprints = Arrays.copyOf(fingerprints, 2 * count);
                }
                fingerprints[count++] = b.fingerprint();
            }
            return new Part(
                    training,
                    validation,
                    bytes,
                    Arrays.copyOf(fingerprints, count),
                    labels,
                    validationWeight,
                    stored,
                    error);
        }
    }

    static Layout of(List<Part> parts, int workers) {
        long[] t = new long[parts.size() + 1];
        long[] v = new long[parts.size() + 1];
        for (int i = 0; i < parts.size(); i++) {
            t[i + 1] = t[i] + parts.get(i).training();
            v[i + 1] = v[i] + parts.get(i).validation();
        }
        return new Layout(
                t,
                v,
                workers,
                parts.stream().mapToLong(Part::bytes).sum(),
                parts.stream().map(Part::fingerprints).toArray(long[][]::new));
    }

    /** A hash of the rows. */
    long fingerprint() {
        long hash = fingerprints.length;
        for (long[] of : fingerprints) {
            hash = hash * 0x9e3779b97f4a7c15L + Arrays.hashCode(of);
            for (long f : of) {
                hash = hash * 31 + f;
            }
        }
        return hash;
    }

    /**
     * Compares a partition's blocks with those packed first.
     *
     * <p>Concurrency: one thread.
     */
    final class Check {
        private final int partition;
        private int next;

        Check(int partition) {
            this.partition = partition;
        }

        /** What is wrong with the next block, or null. */
        String next(PackedBlock b) {
            long[] expected = fingerprints[partition];
            if (b.error() != null) {
                return changed("now: " + b.error());
            }
            if (next >= expected.length) {
                return changed("it had " + expected.length + " blocks of rows, now it has more");
            }
            if (b.fingerprint() != expected[next++]) {
                return changed("its rows " + b.firstRow() + " to " + (b.firstRow() + b.rows() - 1) + " differ");
            }
            return null;
        }

        /** What is wrong if there are no more blocks, or null. */
        String end() {
            int expected = fingerprints[partition].length;
            return next == expected ? null : changed("it had " + expected + " blocks of rows, now it has " + next);
        }

        private String changed(String how) {
            return String.format(
                    Locale.ROOT,
                    "feed: partition %d of the DataFrame was computed again, as an executor was lost or its blocks were evicted, and gave other rows: %s. Its plan is not deterministic (a function that draws random numbers or reads a clock, a source that changed meanwhile, an order that is not fixed): write the DataFrame to storage and fit what is read from there",
                    partition,
                    how);
        }
    }

    Check check(int partition) {
        return new Check(partition);
    }

    private long[] offsets(boolean validationSet) {
        return validationSet ? validation : training;
    }

    /** Number of rows of a set. */
    long total(boolean validationSet) {
        long[] o = offsets(validationSet);
        return o[o.length - 1];
    }

    /** First row of a worker; one past the last row for worker {@code workers}. */
    long bound(boolean validationSet, int rank) {
        return EpochOrder.bound(rank, workers, total(validationSet));
    }

    /** Position of a block's first row among all rows of its set. */
    long start(PackedBlock b) {
        return offsets(b.isValidation())[b.partition()] + b.firstRow();
    }

    /** Whether each partition of the DataFrame holds exactly the rows of one worker. */
    boolean isDealtOut() {
        if (training.length != workers + 1) {
            return false;
        }
        for (int r = 0; r <= workers; r++) {
            if (training[r] != bound(false, r) || validation[r] != bound(true, r)) {
                return false;
            }
        }
        return true;
    }
}
