// Generated from src/main/templates/…/XFolder.java.template, do not edit.
// After a change of the template: mvn test -pl engine/cpu -am -Dtest=SpecializationsTest -Dkiln.write=true
package io.kiln.cpu.tile;

import io.kiln.ndarray.DType;
import java.util.Arrays;

/**
 * Folds {@code long}, wrapping around. Means and norms of integers are computed in {@code double} instead.
 */
@SuppressWarnings("cast") // the template converts where one of its types needs it
final class LongFolder extends Folder {
    private final LongLanes own;
    private long[] sums = {};

    LongFolder(LongLanes lanes, Kind kind, long count, DType output) {
        super(lanes, kind, count, output);
        own = lanes;
    }

    @Override
    void begin(int columns) {
        if (sums.length < columns) {
            sums = new long[columns];
        }
        Arrays.fill(sums, 0, columns, neutral());
    }

    @Override
    void fold(int rows, int columns) {
        long[] a = own.tile(0);
        long[] b = own.tile(1);
        prepare(a, rows * columns);
        int m = rows;
        while (m > 1 && m * columns > PLAIN) {
            int half = m / 2 * columns;
            // HotSpot vectorises two arrays at one index, but not one array at two.
            System.arraycopy(a, half, b, 0, half);
            switch (kind) {
                case MAX -> LongLoops.max(a, a, b, half);
                case MIN -> LongLoops.min(a, a, b, half);
                case PROD -> LongLoops.mul(a, a, b, half);
                default -> LongLoops.add(a, a, b, half);
            }
            if (m % 2 == 1) {
                System.arraycopy(a, 2 * half, a, half, columns);
            }
            m = m / 2 + m % 2;
        }
        for (int r = 0; r < m; r++) {
            mergeRow(a, r * columns, columns);
        }
    }

    @Override
    void small(int outputs, int rows, int columns) {
        long[] a = own.tile(0);
        long[] y = own.tile(RESULT);
        prepare(a, outputs * rows * columns);
        if (columns == 1) {
            for (int o = 0; o < outputs; o++) {
                y[o] = finished(row(a, o * rows, rows));
            }
            return;
        }
        for (int o = 0; o < outputs; o++) {
            begin(columns);
            for (int r = 0; r < rows; r++) {
                mergeRow(a, (o * rows + r) * columns, columns);
            }
            for (int i = 0; i < columns; i++) {
                y[o * columns + i] = finished(sums[i]);
            }
        }
    }

    @Override
    void result(int columns) {
        long[] y = own.tile(RESULT);
        for (int i = 0; i < columns; i++) {
            y[i] = finished(sums[i]);
        }
    }

    private long row(long[] a, int at, int n) {
        long r = neutral();
        switch (kind) {
            case MAX -> {
                for (int i = 0; i < n; i++) {
                    r = Math.max(r, a[at + i]);
                }
            }
            case MIN -> {
                for (int i = 0; i < n; i++) {
                    r = Math.min(r, a[at + i]);
                }
            }
            case PROD -> {
                for (int i = 0; i < n; i++) {
                    r *= a[at + i];
                }
            }
            default -> {
                for (int i = 0; i < n; i++) {
                    r += a[at + i];
                }
            }
        }
        return r;
    }

    private void mergeRow(long[] a, int at, int columns) {
        switch (kind) {
            case MAX -> {
                for (int i = 0; i < columns; i++) {
                    sums[i] = Math.max(sums[i], a[at + i]);
                }
            }
            case MIN -> {
                for (int i = 0; i < columns; i++) {
                    sums[i] = Math.min(sums[i], a[at + i]);
                }
            }
            case PROD -> {
                for (int i = 0; i < columns; i++) {
                    sums[i] *= a[at + i];
                }
            }
            default -> {
                for (int i = 0; i < columns; i++) {
                    sums[i] += a[at + i];
                }
            }
        }
    }

    @Override
    Partials partials(int number, int columns) {
        return new Partials(columns, new long[Math.multiplyExact(number, columns)]);
    }

    @Override
    void save(Partials partials, int index, int columns) {
        System.arraycopy(sums, 0, partials.sums(), index * partials.width(), columns);
    }

    @Override
    void merge(Partials partials, int index, int columns) {
        long[] a = (long[]) partials.sums();
        int at = index * partials.width();
        for (int i = 0; i < columns; i++) {
            switch (kind) {
                case MAX -> sums[i] = Math.max(sums[i], a[at + i]);
                case MIN -> sums[i] = Math.min(sums[i], a[at + i]);
                case PROD -> sums[i] *= a[at + i];
                default -> sums[i] += a[at + i];
            }
        }
    }

    private long neutral() {
        return (long) kind.neutral();
    }

    private long finished(long sum) {
        return (long)
                switch (kind) {
                    case MEAN -> sum / count;
                    case NORM2 -> Math.sqrt(sum);
                    default -> sum;
                };
    }

    private void prepare(long[] a, int n) {
        if (kind == Kind.NORM1) {
            LongLoops.abs(a, a, n);
        } else if (kind == Kind.NORM2) {
            LongLoops.mul(a, a, a, n);
        }
    }
}
