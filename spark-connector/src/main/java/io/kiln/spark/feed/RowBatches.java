package io.kiln.spark.feed;

import io.kiln.backend.Backends;
import io.kiln.ndarray.Scope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Collects rows into batches on one thread, with the readers and the packed form of training.
 *
 * <p>Life cycle: {@link #add} rows, {@link #run} once per batch, {@link #close}.
 *
 * <p>Concurrency: one thread.
 */
public final class RowBatches implements AutoCloseable {
    private final List<Field> fields;
    private final int capacity;
    private final ColumnReader[] readers;
    private final BlockBuilder builder;
    private final Set<Integer> mayBeSparse;
    private final Map<Set<Integer>, Batch> batches = new HashMap<>();
    private boolean invalid;

    /**
     * Creates readers.
     *
     * @param fields the fields; their columns are those of the rows, in order
     * @param capacity rows of the largest batch
     */
    public RowBatches(List<Field> fields, int capacity) {
        this(fields, capacity, Set.of());
    }

    /**
     * Creates readers.
     *
     * @param fields the fields; their columns are those of the rows, in order
     * @param capacity rows of the largest batch
     * @param mayBeSparse the fields that are CSR matrices in batches where their rows are {@linkplain
     *     SparseFields#isSparse sparse enough}
     */
    public RowBatches(List<Field> fields, int capacity, Set<Integer> mayBeSparse) {
        this.mayBeSparse = Set.copyOf(mayBeSparse);
        this.fields = fields;
        this.capacity = capacity;
        this.readers = fields.stream().map(ColumnReader::of).toArray(ColumnReader[]::new);
        this.builder = new BlockBuilder(false, 0, fields, capacity);
        mayBeSparse.forEach(f -> builder.column(f).preferSparse());
    }

    /**
     * Adds a row, unless something is wrong with it.
     *
     * @param row the columns of the fields
     * @return a message about what is wrong, or null
     */
    public String add(InternalRow row) {
        int ordinal = 0;
        for (int f = 0; f < readers.length; f++) {
            String wrong = readers[f].read(row, ordinal);
            if (wrong != null) {
                invalid = readers[f].isInvalid();
                return fields.get(f).what() + ": column \"" + readers[f].column() + "\" " + wrong;
            }
            ordinal += fields.get(f).columns().size();
        }
        for (int f = 0; f < readers.length; f++) {
            readers[f].addTo(builder.column(f));
        }
        builder.end(0, 1);
        return null;
    }

    /**
     * Whether the fault of the last row is a value rather than its form.
     *
     * @return true for null, NaN and infinities
     */
    public boolean isInvalid() {
        return invalid;
    }

    /**
     * The number of sequences that were too long.
     *
     * @return those of all rows so far
     */
    public long truncated() {
        long sum = 0;
        for (ColumnReader r : readers) {
            sum += r.truncated();
        }
        return sum;
    }

    /**
     * Computes something of the rows that were added, and begins the next batch.
     *
     * @param <T> what is computed of a row
     * @param function computes it for the rows of a batch; its arrays are freed afterwards
     * @return the results; empty if no row was added
     */
    public <T> List<T> run(Function<Batch, List<T>> function) {
        if (builder.isEmpty()) {
            return List.of();
        }
        PackedBlock block = new PackedBlock(builder.build());
        Set<Integer> sparse = mayBeSparse.stream()
                .filter(f -> SparseFields.isSparse((double) block.column(f).stored()
                        / block.rows()
                        / fields.get(f).width()))
                .collect(Collectors.toSet());
        Batch batch = batches.compute(sparse, (s, known) -> batch(s, known, block.rows()));
        try (Scope scope = Scope.open()) {
            batch.fill(block);
            List<T> results = function.apply(batch);
            batch.release();
            return results;
        }
    }

    /** A batch with room for the rows: what is known, or a new one, first of their number and then of any. */
    private Batch batch(Set<Integer> sparse, Batch known, int rows) {
        if (known != null && known.capacity() >= rows) {
            return known;
        }
        if (known != null) {
            known.close();
        }
        List<Batch.Part> parts = new ArrayList<>();
        for (int f = 0; f < fields.size(); f++) {
            Batch.Part part = fields.get(f).part();
            parts.add(sparse.contains(f) ? part.asSparse() : part);
        }
        return new Batch(Backends.current(), new Batch.Form(known == null ? rows : capacity, parts));
    }

    /** Frees the memory. */
    @Override
    public void close() {
        batches.values().forEach(Batch::close);
    }
}
