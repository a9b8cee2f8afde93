package io.kiln.spark.feed;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.Queue;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StructType;

/**
 * Turns the rows of one partition into packed blocks. At the first bad row it stops
 * and gives a block that holds the message: the driver throws it once, instead of Spark retrying the task.
 */
final class RowPacker implements Iterator<byte[]> {
    private static final int FEATURES = 0;
    private static final int LABEL = 1;

    private final FeedSpec spec;
    private final DataType labelType;
    private final DataType weightType;
    private final int weightAt;
    private final int validationAt;
    private final int partition;
    private final Iterator<InternalRow> rows;
    private final TaskContext task = TaskContext.get();
    private final FeatureReader reader;
    private final BlockBuilder training;
    private final BlockBuilder held;
    private final Queue<byte[]> ready = new ArrayDeque<>();
    private long row;
    private boolean ended;

    RowPacker(FeedSpec spec, StructType schema, int partition, Iterator<InternalRow> rows) {
        this.spec = spec;
        this.partition = partition;
        this.rows = rows;
        FeedColumns c = spec.columns();
        this.labelType = schema.apply(LABEL).dataType();
        this.weightAt = c.weight().isEmpty() ? -1 : LABEL + 1;
        this.weightType = weightAt < 0 ? null : schema.apply(weightAt).dataType();
        this.validationAt = c.validation().isEmpty() ? -1 : schema.length() - 1;
        this.reader = new FeatureReader(c.type(), c.containsNull(), spec.width());
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
        String wrong = reader.read(r, FEATURES);
        if (wrong != null) {
            fail("features", spec.columns().features(), wrong);
            return;
        }
        if (r.isNullAt(LABEL)) {
            fail("label", spec.columns().label(), "is null; drop such rows");
            return;
        }
        double label = number(r, LABEL, labelType);
        if (spec.labels().isIgnored(label)) {
            return;
        }
        wrong = label(label);
        if (wrong != null) {
            fail("label", spec.columns().label(), wrong);
            return;
        }
        double weight = 1;
        if (weightAt >= 0) {
            weight = r.isNullAt(weightAt) ? Double.NaN : number(r, weightAt, weightType);
            if (!(weight >= 0 && weight <= Double.MAX_VALUE)) {
                fail(
                        "weight",
                        spec.columns().weight(),
                        String.format(
                                Locale.ROOT,
                                "is %s, expected a finite number >= 0; mend or drop such rows",
                                r.isNullAt(weightAt) ? "null" : weight));
                return;
            }
        }
        if (validationAt >= 0 && r.isNullAt(validationAt)) {
            fail("validation indicator", spec.columns().validation(), "is null, expected true or false");
            return;
        }
        BlockBuilder to = validationAt >= 0 && r.getBoolean(validationAt) ? held : training;
        add(to, label, to == training ? weight * spec.labels().weight(label) : weight);
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
            to.add(label, weight, reader.denseBase(), reader.denseOffset());
        }
    }

    private static double number(InternalRow r, int at, DataType type) {
        if (type instanceof DoubleType) {
            return r.getDouble(at);
        } else if (type instanceof FloatType) {
            return r.getFloat(at);
        } else if (type instanceof IntegerType) {
            return r.getInt(at);
        } else if (type instanceof LongType) {
            return r.getLong(at);
        } else if (type instanceof ShortType) {
            return r.getShort(at);
        } else if (type instanceof ByteType) {
            return r.getByte(at);
        }
        DecimalType d = (DecimalType) type;
        return r.getDecimal(at, d.precision(), d.scale()).toDouble();
    }

    private String label(double v) {
        if (!Double.isFinite(v) || !Float.isFinite((float) v)) {
            return String.format(Locale.ROOT, "is %s, expected a finite float32; drop or scale such rows", v);
        }
        int classes = spec.labels().classes();
        if (classes > 0 && (v < 0 || v >= classes || v != Math.rint(v))) {
            return String.format(
                    Locale.ROOT,
                    "is %s, expected one of the whole numbers 0 … %d, for the network has %d classes; %s",
                    v,
                    classes - 1,
                    classes,
                    "index labels with StringIndexer");
        }
        return null;
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
