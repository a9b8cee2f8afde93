package io.kiln.spark.feed;

import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.Queue;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.LongAccumulator;

/**
 * Packs the rows of one partition into blocks. At the first invalid row it stops and returns a block with the message:
 * the driver throws it once, whereas Spark would retry a failed task.
 */
final class RowPacker implements Iterator<byte[]> {
    private final FeedSpec spec;
    private final DataType labelType;
    private final DataType weightType;
    private final int labelAt;
    private final int weightAt;
    private final int validationAt;
    private final int partition;
    private final Iterator<InternalRow> rows;
    private final TaskContext task = TaskContext.get();
    private final Told told;
    private final ColumnReader[] readers;
    private final int[] ordinals;
    private final BlockBuilder training;
    private final BlockBuilder held;
    private final Queue<byte[]> ready = new ArrayDeque<>();
    private long row;
    private boolean ended;

    /**
     * What is counted while rows are packed.
     *
     * @param skipped rows with invalid values
     * @param truncated sequences that were too long
     */
    record Told(LongAccumulator skipped, LongAccumulator truncated) implements Serializable {}

    /** Creates the blocks of a partition and counts the rows that it skips. */
    RowPacker(FeedSpec spec, StructType schema, int partition, Iterator<InternalRow> rows, Told told) {
        this.spec = spec;
        this.told = told;
        this.partition = partition;
        this.rows = rows;
        this.readers = spec.fields().stream().map(ColumnReader::of).toArray(ColumnReader[]::new);
        this.ordinals = new int[readers.length];
        int next = 0;
        for (int f = 0; f < readers.length; f++) {
            ordinals[f] = next;
            next += spec.fields().get(f).columns().size();
        }
        this.labelAt = spec.label().isEmpty() ? -1 : next++;
        this.weightAt = spec.weight().isEmpty() ? -1 : next++;
        this.validationAt = spec.validation().isEmpty() ? -1 : next;
        this.labelType = labelAt < 0 ? null : schema.apply(labelAt).dataType();
        this.weightType = weightAt < 0 ? null : schema.apply(weightAt).dataType();
        this.training = new BlockBuilder(false, partition, spec.fields());
        this.held = new BlockBuilder(true, partition, spec.fields());
    }

    @Override
    public boolean hasNext() {
        while (ready.isEmpty() && !ended) {
            if (task != null) {
                task.killTaskIfInterrupted();
            }
            if (rows.hasNext()) {
                pack(rows.next());
                row++;
            } else {
                ended = true;
                flush(training);
                flush(held);
                long inputs = truncated(false);
                told.truncated().add(inputs > 0 ? inputs : truncated(true)); // a row is cut with its targets
            }
        }
        return !ready.isEmpty();
    }

    @Override
    public byte[] next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return ready.remove();
    }

    private long truncated(boolean targets) {
        long sum = 0;
        for (int f = 0; f < readers.length; f++) {
            sum += spec.fields().get(f).isTarget() == targets ? readers[f].truncated() : 0;
        }
        return sum;
    }

    private void flush(BlockBuilder b) {
        if (!b.isEmpty()) {
            ready.add(b.build());
        }
    }

    private void pack(InternalRow r) {
        for (int f = 0; f < readers.length; f++) {
            String wrong = readers[f].read(r, ordinals[f]);
            if (wrong != null) {
                reject(readers[f].isInvalid(), spec.fields().get(f).what(), readers[f].column(), wrong);
                return;
            }
        }
        if (!isAligned()) {
            return;
        }
        double label = labelAt < 0 ? 0 : r.isNullAt(labelAt) ? Double.NaN : Numbers.read(r, labelAt, labelType);
        if (labelAt >= 0 && !acceptsLabel(r, label)) {
            return;
        }
        double weight = weightAt < 0 ? 1 : r.isNullAt(weightAt) ? Double.NaN : Numbers.read(r, weightAt, weightType);
        if (!(weight >= 0 && weight <= Double.MAX_VALUE)) {
            reject(
                    !Double.isFinite(weight),
                    "weight",
                    spec.weight(),
                    "is " + (r.isNullAt(weightAt) ? "null" : weight)
                            + ", expected a finite number >= 0; fix or drop such rows");
            return;
        }
        if (validationAt >= 0 && r.isNullAt(validationAt)) {
            reject(true, "validation indicator", spec.validation(), "is null, expected true or false");
            return;
        }
        BlockBuilder to = validationAt >= 0 && r.getBoolean(validationAt) ? held : training;
        for (int f = 0; f < readers.length; f++) {
            readers[f].addTo(to.column(f));
        }
        to.end(label, to == training ? weight * spec.labels().weight(label) : weight);
        if (to.isFull()) {
            ready.add(to.build());
        }
    }

    /** Whether the targets of a row's only sequence are as many as its elements; rejects the row if not. */
    private boolean isAligned() {
        int sequence = -1;
        for (int f = 0; f < readers.length; f++) {
            boolean target = spec.fields().get(f).isTarget();
            if (readers[f].length() >= 0 && !target) {
                if (sequence >= 0) {
                    return true; // nothing says which of them a target belongs to
                }
                sequence = f;
            } else if (sequence >= 0
                    && target
                    && readers[f].length() >= 0
                    && readers[f].length() != readers[sequence].length()) {
                fail(
                        spec.fields().get(f).what(),
                        readers[f].column(),
                        String.format(
                                Locale.ROOT,
                                "has %d elements, %s has %d; give each element a target",
                                readers[f].length(),
                                spec.fields().get(sequence).what(),
                                readers[sequence].length()));
                return false;
            }
        }
        return true;
    }

    /** Whether a row with this label is packed; rejects it if it is wrong. */
    private boolean acceptsLabel(InternalRow r, double label) {
        if (!r.isNullAt(labelAt) && spec.labels().isIgnored(label)) {
            return false;
        }
        if (!Float.isFinite((float) label)) {
            String got = r.isNullAt(labelAt) ? "null" : Double.toString(label);
            reject(
                    true,
                    "label",
                    spec.label(),
                    "is " + got + ", expected a finite float32; drop or scale such rows, or set handleInvalid");
            return false;
        }
        int classes = spec.labels().classes();
        if (classes > 0 && (label < 0 || label >= classes || label != Math.rint(label))) {
            fail(
                    "label",
                    spec.label(),
                    String.format(
                            Locale.ROOT,
                            "is %s, expected a whole number from 0 to %d, because the network has %d classes; index labels with StringIndexer",
                            label,
                            classes - 1,
                            classes));
            return false;
        }
        return true;
    }

    /** Skips a row if this is enabled and only a value in it is wrong; otherwise rejects it. */
    private void reject(boolean invalid, String what, String column, String wrong) {
        if (invalid && spec.skipInvalid()) {
            told.skipped().add(1);
        } else {
            fail(what, column, wrong);
        }
    }

    private void fail(String what, String column, String wrong) {
        ready.clear();
        ready.add(PackedBlock.error(
                partition,
                String.format(
                        Locale.ROOT,
                        "%s: column \"%s\" %s (row %d of partition %d)",
                        what,
                        column,
                        wrong,
                        row,
                        partition)));
        ended = true;
    }
}
