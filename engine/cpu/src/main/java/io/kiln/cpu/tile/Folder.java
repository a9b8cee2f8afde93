package io.kiln.cpu.tile;

import io.kiln.ndarray.DType;

/**
 * Folds blocks of rows into one row, in one compute type. Life cycle: {@link #begin}, any number of {@link #fold} or
 * {@link #merge}, then {@link #result} or {@link #save}; {@link #small} is independent of these.
 *
 * <p>Concurrency: belongs to one part at a time.
 */
abstract class Folder {
    /** The reductions. */
    enum Kind {
        /** The sum. */
        SUM,
        /** The sum divided by the number of elements. */
        MEAN,
        /** The sum of the absolute values. */
        NORM1,
        /** The root of the sum of the squares. */
        NORM2,
        /** The product. */
        PROD,
        /** The largest; NaN if one is NaN. */
        MAX,
        /** The smallest; NaN if one is NaN. */
        MIN;

        /** The result for no elements, before the last step of means and norms. */
        double neutral() {
            return switch (this) {
                case SUM, MEAN, NORM1, NORM2 -> 0;
                case PROD -> 1;
                case MAX -> Double.NEGATIVE_INFINITY;
                case MIN -> Double.POSITIVE_INFINITY;
            };
        }
    }

    /** The tile for results. */
    static final int RESULT = 2;
    /** Elements below which halving costs more than it saves. */
    static final int PLAIN = 32;

    final Lanes lanes;
    final Kind kind;
    final long count;
    private final DType output;

    Folder(Lanes lanes, Kind kind, long count, DType output) {
        this.lanes = lanes;
        this.kind = kind;
        this.count = count;
        this.output = output;
    }

    /** Creates one folder for each part of a run. */
    @FunctionalInterface
    interface Factory {
        Folder[] make(int parts);
    }

    /** Folders on lanes of the right type. */
    static Factory factory(Kind kind, DType compute, long count, DType output) {
        return parts -> {
            Lanes[] lanes = Scratch.current().wideLanes(compute, parts);
            Folder[] folders = new Folder[parts];
            for (int i = 0; i < parts; i++) {
                folders[i] = switch (compute) {
                    case FLOAT32 -> new FloatFolder((FloatLanes) lanes[i], kind, count, output);
                    case FLOAT64 -> new DoubleFolder((DoubleLanes) lanes[i], kind, count, output);
                    default -> new LongFolder((LongLanes) lanes[i], kind, count, output);
                };
            }
            return folders;
        };
    }

    /**
     * Saved accumulators that will be merged.
     *
     * @param width columns of each
     * @param sums array of the accumulators' type
     */
    record Partials(int width, Object sums) {}

    /** Sets the accumulators of the columns to the neutral element. */
    abstract void begin(int columns);

    /** Folds tile 0, seen as [rows, columns], into the accumulators; tiles 0 and 1 are overwritten. */
    abstract void fold(int rows, int columns);

    /** Copies the accumulators into the result tile. */
    abstract void result(int columns);

    /** Reduces tile 0, seen as [outputs, rows, columns], into the result tile. */
    abstract void small(int outputs, int rows, int columns);

    abstract Partials partials(int number, int columns);

    /** Saves the accumulators. */
    abstract void save(Partials partials, int index, int columns);

    /** Folds saved accumulators into these. */
    abstract void merge(Partials partials, int index, int columns);

    /** Stores results. */
    final void store(long y, long index, int n) {
        lanes.store(output, y + index * output.bytes(), 1, RESULT, 0, n);
    }
}
