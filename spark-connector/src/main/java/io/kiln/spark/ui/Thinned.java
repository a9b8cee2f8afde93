package io.kiln.spark.ui;

import java.util.ArrayList;
import java.util.List;

/**
 * A list of bounded length that represents a series of any length: when it is full, every second element is removed;
 * the first and the newest stay.
 *
 * <p>Concurrency: one thread.
 */
final class Thinned<T> {
    private final int most;
    private final List<T> kept = new ArrayList<>();
    private T newest;
    private long stride = 1;
    private long seen;

    Thinned(int most) {
        this.most = most;
    }

    void add(T element) {
        if (seen % stride == 0) {
            kept.add(element);
            newest = null;
        } else {
            newest = element;
        }
        seen++;
        if (kept.size() == most) {
            newest = (most - 1) % 2 == 0 ? null : kept.get(most - 1);
            for (int i = 0; i < (most + 1) / 2; i++) {
                kept.set(i, kept.get(2 * i));
            }
            kept.subList((most + 1) / 2, most).clear();
            stride *= 2;
        }
    }

    List<T> toList() {
        List<T> all = new ArrayList<>(kept);
        if (newest != null) {
            all.add(newest);
        }
        return List.copyOf(all);
    }
}
