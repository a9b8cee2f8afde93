package io.kiln.spark.feed;

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
    private static final int FEATURES = 0;
    private static final int LABEL = 1;

    private final FeedSpec spec;
    private final boolean bytes;
    private final DataType labelType;
    private final DataType weightType;
    private final int weightAt;
    private final int validationAt;
    private final int partition;
    private final Iterator<InternalRow> rows;
    private final TaskContext task = TaskContext.get();
    private final LongAccumulator skipped;
    private final FeatureReader reader;
    private final BlockBuilder training;
    private final BlockBuilder held;
    private final Queue<byte[]> ready = new ArrayDeque<>();
    private long row;
    private boolean ended;

    /** Creates the blocks of a partition and counts the rows that it skips. */
    RowPacker(FeedSpec spec, StructType schema, int partition, Iterator<InternalRow> rows, LongAccumulator skipped) {
        this.spec = spec;
        this.skipped = skipped;
        this.partition = partition;
        this.rows = rows;
        FeedColumns c = spec.columns();
        this.bytes = c.type() == FeatureType.BYTES;
        this.labelType = schema.apply(LABEL).dataType();
        this.weightAt = c.weight().isEmpty() ? -1 : LABEL + 1;
        this.weightType = weightAt < 0 ? null : schema.apply(weightAt).dataType();
        this.validationAt = c.validation().isEmpty() ? -1 : schema.length() - 1;
        this.reader = new FeatureReader(c.features(), c.featuresType(), spec.width());
        this.training = new BlockBuilder(false, partition, spec.width());
        this.held = new BlockBuilder(true, partition, spec.width());
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

    private void flush(BlockBuilder b) {
        if (!b.isEmpty()) {
            ready.add(b.build());
        }
    }

    private void pack(InternalRow r) {
        FeedColumns names = spec.columns();
        String wrong = reader.read(r, FEATURES);
        if (wrong != null) {
            reject(reader.isInvalid(), "features", names.features(), wrong);
            return;
        }
        double label = r.isNullAt(LABEL) ? Double.NaN : Numbers.read(r, LABEL, labelType);
        if (!r.isNullAt(LABEL) && spec.labels().isIgnored(label)) {
            return;
        }
        if (!Float.isFinite((float) label)) {
            String got = r.isNullAt(LABEL) ? "null" : Double.toString(label);
            reject(
                    true,
                    "label",
                    names.label(),
                    "is " + got + ", expected a finite float32; drop or scale such rows, or set handleInvalid");
            return;
        }
        int classes = spec.labels().classes();
        if (classes > 0 && (label < 0 || label >= classes || label != Math.rint(label))) {
            fail(
                    "label",
                    names.label(),
                    String.format(
                            Locale.ROOT,
                            "is %s, expected a whole number from 0 to %d, because the network has %d classes; index labels with StringIndexer",
                            label,
                            classes - 1,
                            classes));
            return;
        }
        double weight = weightAt < 0 ? 1 : r.isNullAt(weightAt) ? Double.NaN : Numbers.read(r, weightAt, weightType);
        if (!(weight >= 0 && weight <= Double.MAX_VALUE)) {
            reject(
                    !Double.isFinite(weight),
                    "weight",
                    names.weight(),
                    "is " + (r.isNullAt(weightAt) ? "null" : weight)
                            + ", expected a finite number >= 0; fix or drop such rows");
            return;
        }
        if (validationAt >= 0 && r.isNullAt(validationAt)) {
            reject(true, "validation indicator", names.validation(), "is null, expected true or false");
            return;
        }
        BlockBuilder to = validationAt >= 0 && r.getBoolean(validationAt) ? held : training;
        add(to, label, to == training ? weight * spec.labels().weight(label) : weight);
        if (to.isFull()) {
            ready.add(to.build());
        }
    }

    /** Skips a row if this is enabled and only a value in it is wrong; otherwise rejects it. */
    private void reject(boolean invalid, String what, String column, String wrong) {
        if (invalid && spec.skipInvalid()) {
            skipped.add(1);
        } else {
            fail(what, column, wrong);
        }
    }

    private void add(BlockBuilder to, double label, double weight) {
        if (bytes) {
            to.add(label, weight, reader.bytes());
        } else if (reader.isSparse()) {
            to.add(label, weight, reader.indices(), reader.sparse());
        } else {
            to.add(label, weight, reader.denseBase(), reader.denseOffset());
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
