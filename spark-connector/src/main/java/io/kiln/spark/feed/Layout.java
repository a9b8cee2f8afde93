package io.kiln.spark.feed;

import java.io.Serializable;
import java.util.List;

/**
 * Where each row stands in the order of all rows: the rows of the DataFrame's first partition come first, and so on; training
 * and validation rows are counted apart. Worker r of w holds the rows from {@code r n / w} to {@code (r + 1) n / w}.
 *
 * @param training first row of each partition, then the number of all training rows
 * @param validation first validation row of each partition, then the number of all
 * @param workers number of workers
 * @param fingerprint differs when the rows differ
 */
record Layout(long[] training, long[] validation, int workers, long fingerprint) implements Serializable {

    /**
     * What one partition holds.
     *
     * @param training number of training rows
     * @param validation number of validation rows
     * @param fingerprint differs when the rows differ
     * @param error the message about its first bad row, or null
     */
    record Part(long training, long validation, long fingerprint, String error) implements Serializable {}

    static Layout of(List<Part> parts, int workers) {
        long[] t = new long[parts.size() + 1];
        long[] v = new long[parts.size() + 1];
        long hash = parts.size();
        for (int i = 0; i < parts.size(); i++) {
            t[i + 1] = t[i] + parts.get(i).training();
            v[i + 1] = v[i] + parts.get(i).validation();
            hash = hash * 0x9e3779b97f4a7c15L + parts.get(i).fingerprint();
        }
        return new Layout(t, v, workers, hash);
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

    /** Place of a block's first row among all rows of its set. */
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
