package io.kiln.kvstore;

import io.kiln.ndarray.HostView;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import java.util.List;

/** Rows of a table in host memory: k numbers as int64, then the elements of k rows. */
final class RowMessage implements AutoCloseable {
    private final long rowBytes;
    private final int rows;
    private final HostView memory;

    /** Memory for so many rows. */
    RowMessage(RowTable table, long rows) {
        this.rowBytes = table.rowBytes();
        this.rows = Math.toIntExact(rows);
        this.memory = HostView.allocate(rows * (Long.BYTES + rowBytes));
    }

    /**
     * Copies rows.
     *
     * @param table their table
     * @param numbers the numbers of rows
     * @param elements the rows, row-major, in the order of the numbers
     * @param owner only rows of this rank are copied; negative for all
     */
    static RowMessage of(RowTable table, long[] numbers, HostView elements, int owner) {
        long[] chosen = new long[numbers.length];
        int[] from = new int[numbers.length];
        int n = 0;
        for (int i = 0; i < numbers.length; i++) {
            if (owner < 0 || table.owner(numbers[i]) == owner) {
                chosen[n] = numbers[i];
                from[n++] = i;
            }
        }
        RowMessage m = new RowMessage(table, n);
        m.memory.put(0, chosen, 0, n);
        HostView to = m.elements();
        for (int i = 0; i < n; i++) {
            to.slice(i * m.rowBytes, m.rowBytes).copyFrom(elements.slice(from[i] * m.rowBytes, m.rowBytes));
        }
        return m;
    }

    int rows() {
        return rows;
    }

    HostView memory() {
        return memory;
    }

    private HostView elements() {
        return memory.slice((long) Long.BYTES * rows, rows * rowBytes);
    }

    /** The numbers of all rows, int64. */
    static NDArray numbers(RowTable table, List<RowMessage> messages) {
        int total = total(messages);
        long[] all = new long[total];
        int at = 0;
        for (RowMessage m : messages) {
            m.memory.get(0, all, at, m.rows);
            at += m.rows;
        }
        return table.weight().factory().of(Shape.of(total), all);
    }

    /** The elements of all rows. */
    static NDArray elements(RowTable table, List<RowMessage> messages) {
        Shape shape = table.weight().shape().with(0, total(messages));
        NDArray rows = table.weight().factory().empty(shape, table.weight().dtype());
        try (HostView to = rows.write()) {
            long at = 0;
            for (RowMessage m : messages) {
                HostView from = m.elements();
                to.slice(at, from.bytes()).copyFrom(from);
                at += from.bytes();
            }
        }
        return rows;
    }

    private static int total(List<RowMessage> messages) {
        return messages.stream().mapToInt(RowMessage::rows).reduce(0, Math::addExact);
    }

    @Override
    public void close() {
        memory.close();
    }
}
