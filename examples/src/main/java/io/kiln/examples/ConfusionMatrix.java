package io.kiln.examples;

import java.util.Locale;

/** Counts predictions by class: entry (i, j) is the number of rows of class i that were predicted as class j. */
final class ConfusionMatrix {
    private final long[][] counts;
    private long right;
    private long total;

    ConfusionMatrix(int classes) {
        counts = new long[classes][classes];
    }

    void add(int label, int prediction) {
        counts[label][prediction]++;
        total++;
        if (label == prediction) {
            right++;
        }
    }

    /** The share of correctly predicted rows; NaN without rows. */
    double accuracy() {
        return (double) right / total;
    }

    long wrong() {
        return total - right;
    }

    /** The matrix as text: one row per true class, a dot for zero, and the recall of each class. */
    @Override
    public String toString() {
        int width = Math.max(5, Long.toString(total).length() + 1);
        StringBuilder text = new StringBuilder("true \\ predicted");
        for (int j = 0; j < counts.length; j++) {
            text.append(String.format(Locale.ROOT, "%" + width + "d", j));
        }
        text.append("   found\n");
        for (int i = 0; i < counts.length; i++) {
            text.append(String.format(Locale.ROOT, "%16d", i));
            long ofClass = 0;
            for (long n : counts[i]) {
                text.append(String.format(Locale.ROOT, "%" + width + "s", n == 0 ? "·" : Long.toString(n)));
                ofClass += n;
            }
            text.append(
                    ofClass == 0
                            ? "       –\n"
                            : String.format(Locale.ROOT, "%7.1f%%\n", 100.0 * counts[i][i] / ofClass));
        }
        return text.toString();
    }
}
