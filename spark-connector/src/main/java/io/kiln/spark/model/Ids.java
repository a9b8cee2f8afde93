package io.kiln.spark.model;

import java.io.Serializable;
import java.util.Arrays;

/**
 * The ids of users or items, in the order of the rows of their tables.
 *
 * <p>Concurrency: immutable and thread-safe.
 */
public final class Ids implements Serializable {
    private static final long serialVersionUID = 1L;

    private final long[] ids;

    /**
     * Makes the list.
     *
     * @param ids the ids, in ascending order, each once, at least one
     * @throws IllegalArgumentException if they are not in order, or there are none
     */
    public Ids(long... ids) {
        for (int i = 1; i < ids.length; i++) {
            if (ids[i] <= ids[i - 1]) {
                throw new IllegalArgumentException("ids: must ascend, got %d after %d".formatted(ids[i], ids[i - 1]));
            }
        }
        if (ids.length == 0) {
            throw new IllegalArgumentException("ids: expected at least one, got none");
        }
        this.ids = ids.clone();
    }

    /** {@return the number of ids} */
    public int size() {
        return ids.length;
    }

    /**
     * An id.
     *
     * @param row its row
     * @return the id
     */
    public long id(int row) {
        return ids[row];
    }

    /**
     * The row of an id.
     *
     * @param id the id
     * @return its row; below 0 if it is unknown
     */
    public int row(long id) {
        return Arrays.binarySearch(ids, id);
    }
}
