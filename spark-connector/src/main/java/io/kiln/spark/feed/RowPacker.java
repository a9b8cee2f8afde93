package io.kiln.spark.feed;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Turns the rows of one partition (features, label, weight, validation) into packed blocks. At the first bad row it stops
 * and gives a block that holds the message: the driver throws it once, instead of Spark retrying the task.
 */
final class RowPacker implements Iterator<byte[]> {
    private final FeedSpec spec;
    private final int partition;
    private final Iterator<InternalRow> rows;
    private final FeatureReader reader;
    private final BlockBuilder training;
    private final BlockBuilder held;
    private final Queue<byte[]> ready = new ArrayDeque<>();
    private long row;
    private boolean ended;

    RowPacker(FeedSpec spec, int partition, Iterator<InternalRow> rows) {
        this.spec = spec;
        this.partition = partition;
        this.rows = rows;
        FeedColumns c = spec.columns();
        this.reader = new FeatureReader(c.type(), c.containsNull(), spec.width());
        this.training = new BlockBuilder(false, partition, spec.width());
        this.held = new BlockBuilder(true, partition, spec.width());
    }

    @Override
    public boolean hasNext() {
        while (ready.isEmpty() && !ended) {
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
        String wrong = reader.read(r, 0);
        if (wrong != null) {
            fail("features", spec.columns().features(), wrong);
            return;
        }
        if (r.isNullAt(1)) {
            fail("label", spec.columns().label(), "is null; drop such rows");
            return;
        }
        double label = r.getDouble(1);
        wrong = label(label);
        if (wrong != null) {
            fail("label", spec.columns().label(), wrong);
            return;
        }
        double weight = r.isNullAt(2) ? Double.NaN : r.getDouble(2);
        if (!(weight >= 0 && weight <= Double.MAX_VALUE)) {
            fail(
                    "weight",
                    spec.columns().weight(),
                    "is %s, expected a finite number >= 0; mend or drop such rows"
                            .formatted(r.isNullAt(2) ? "null" : weight));
            return;
        }
        if (r.isNullAt(3)) {
            fail("validation indicator", spec.columns().validation(), "is null, expected true or false");
            return;
        }
        BlockBuilder to = r.getBoolean(3) ? held : training;
        add(to, label, weight);
        if (to.isFull()) {
            ready.add(to.build());
        }
    }

    private void add(BlockBuilder to, double label, double weight) {
        if (spec.columns().type() == FeatureType.BYTES) {
            to.add(label, weight, reader.bytes());
        } else if (reader.isSparse()) {
            to.add(label, weight, reader.indices(), reader.sparse());
        } else {
            to.add(label, weight, reader.dense());
        }
    }

    private String label(double v) {
        if (!Double.isFinite(v) || !Float.isFinite((float) v)) {
            return "is %s, expected a finite float32; drop or scale such rows".formatted(v);
        }
        if (spec.classes() > 0 && (v < 0 || v >= spec.classes() || v != Math.rint(v))) {
            return "is %s, expected one of the whole numbers 0 … %d, for the network has %d classes; %s"
                    .formatted(v, spec.classes() - 1, spec.classes(), "index labels with StringIndexer");
        }
        return null;
    }

    private void fail(String what, String column, String wrong) {
        ready.clear();
        ready.add(PackedBlock.error(
                partition,
                "%s: column \"%s\" %s (row %d of partition %d)".formatted(what, column, wrong, row, partition)));
        ended = true;
    }
}
