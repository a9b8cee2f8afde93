// Generated from src/main/templates/…/XFolder.java.template, do not edit.
// After a change of the template: mvn test -pl engine/cpu -am -Dtest=SpecializationsTest -Dkiln.write=true
package io.kiln.cpu.tile;

import io.kiln.ndarray.DType;
import java.util.Arrays;

/**
 * Folds {@code float} in halves and accumulates blocks in {@code double}.
 */
@SuppressWarnings("cast") // the template converts where one of its types needs it
final class FloatFolder extends Folder {
    private final FloatLanes own;
    private double[] sums = {};

    FloatFolder(FloatLanes lanes, Kind kind, long count, DType output) {
        super(lanes, kind, count, output);
        own = lanes;
    }

    @Override
    void begin(int columns) {
        if (sums.length < columns) {
            sums = new double[columns];
        }
        Arrays.fill(sums, 0, columns, neutral());
    }

    @Override
    void fold(int rows, int columns) {
        float[] a = own.tile(0);
        float[] b = own.tile(1);
        prepare(a, rows * columns);
        int m = rows;
        while (m > 1 && m * columns > PLAIN) {
            int half = m / 2 * columns;
            // HotSpot vectorises two arrays at one index, but not one array at two.
            System.arraycopy(a, half, b, 0, half);
            switch (kind) {
                case MAX -> FloatLoops.max(a, a, b, half);
                case MIN -> FloatLoops.min(a, a, b, half);
                case PROD -> FloatLoops.mul(a, a, b, half);
                default -> FloatLoops.add(a, a, b, half);
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
        float[] a = own.tile(0);
        float[] y = own.tile(RESULT);
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
        float[] y = own.tile(RESULT);
        for (int i = 0; i < columns; i++) {
            y[i] = finished(sums[i]);
        }
    }

    private double row(float[] a, int at, int n) {
        double r = neutral();
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

    private void mergeRow(float[] a, int at, int columns) {
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
        return new Partials(columns, new double[Math.multiplyExact(number, columns)]);
    }

    @Override
    void save(Partials partials, int index, int columns) {
        System.arraycopy(sums, 0, partials.sums(), index * partials.width(), columns);
    }

    @Override
    void merge(Partials partials, int index, int columns) {
        double[] a = (double[]) partials.sums();
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

    private double neutral() {
        return (double) kind.neutral();
    }

    private float finished(double sum) {
        return (float)
                switch (kind) {
                    case MEAN -> sum / count;
                    case NORM2 -> Math.sqrt(sum);
                    default -> sum;
                };
    }

    private void prepare(float[] a, int n) {
        if (kind == Kind.NORM1) {
            FloatLoops.abs(a, a, n);
        } else if (kind == Kind.NORM2) {
            FloatLoops.mul(a, a, a, n);
        }
    }
}
