package io.kiln.cpu.tile;

import io.kiln.ndarray.internal.Memory;

/**
 * The first few elements of a row in the order of {@link SortedOrder}, without sorting the rest: they are kept in order
 * while the row is read once, and most elements fail the comparison with the last of them.
 */
final class Selection {
    /** The number up to which this is faster than sorting, for any order of the row. */
    static final int MOST = 64;

    private final boolean largest;
    private final long[] keys;
    private final long[] places;
    private int size;

    Selection(int k, boolean largest) {
        this.largest = largest;
        keys = new long[k];
        places = new long[k];
    }

    void run(Lanes lanes, AxisRows in, AxisRows values, AxisRows indices, int bytes, long row) {
        size = 0;
        for (long from = 0; from < in.length; from += lanes.length) {
            int count = (int) Math.min(lanes.length, in.length - from);
            in.load(lanes, 0, row, from, count);
            if (lanes instanceof DoubleLanes d) {
                double[] tile = d.tile(0);
                for (int i = 0; i < count; i++) {
                    offer(SortedOrder.key(tile[i]), from + i);
                }
            } else {
                long[] tile = ((LongLanes) lanes).tile(0);
                for (int i = 0; i < count; i++) {
                    offer(tile[i], from + i);
                }
            }
        }
        for (int i = 0; i < size; i++) {
            Memory.copy(in.at(row, places[i]), values.at(row, i), bytes);
            Memory.putLong(indices.at(row, i), places[i]);
        }
    }

    private void offer(long ascending, long place) {
        long key = largest ? ~ascending : ascending;
        if (size == keys.length) {
            if (key >= keys[size - 1]) {
                return;
            }
        } else {
            size++;
        }
        int at = size - 1;
        while (at > 0 && keys[at - 1] > key) {
            keys[at] = keys[at - 1];
            places[at] = places[at - 1];
            at--;
        }
        keys[at] = key;
        places[at] = place;
    }
}
