package io.kiln.cpu.bits;

import io.kiln.cpu.EngineThreads;
import io.kiln.op.table.OperatorTable;
import io.kiln.op.table.Row;
import io.kiln.op.table.RowBits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Writes a line "hash name" for everything that the engine computes from given seeds: each row of the operator table, the
 * networks of the zoo, training runs and optimizers. A change that is to keep every bit is checked by recording before and after it,
 * on the same machine and JDK, and comparing the files with {@code diff}. What the processor cannot do the same way (AVX-512 sums
 * in another order) makes other hashes, so files of different machines say nothing about each other.
 */
public final class BitsMain {
    private BitsMain() {}

    /**
     * Records.
     *
     * @param arguments the file to write; then, if wanted, the parts: rows, zoo, training, optimizers (all of them by default)
     * @throws IOException if the file cannot be written
     * @throws InterruptedException if the thread is interrupted
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments.length == 0) {
            throw new IllegalArgumentException(
                    "expected the file to write, then parts of: rows zoo training optimizers");
        }
        Bits bits = new Bits();
        for (int threads : new int[] {1, 2}) {
            AtomicReference<Throwable> failure = new AtomicReference<>();
            // Number of threads and random state belong to the thread.
            Thread thread = new Thread(() -> {
                EngineThreads.set(threads);
                record(bits.within(threads == 1 ? "1 thread" : threads + " threads"), threads, arguments);
            });
            thread.setUncaughtExceptionHandler((t, e) -> failure.set(e));
            thread.start();
            thread.join();
            if (failure.get() != null) {
                throw new IllegalStateException(failure.get());
            }
        }
        Files.write(Path.of(arguments[0]), bits.lines());
    }

    private static void record(Bits bits, int threads, String... arguments) {
        if (wants("rows", arguments) && threads == 1) {
            for (Row row : OperatorTable.rows()) {
                Bits own = bits.within("row " + row);
                new RowBits(row, own::add).compute();
            }
        }
        if (wants("zoo", arguments)) {
            Zoo.record(bits.within("zoo"));
        }
        if (wants("training", arguments)) {
            Training.record(bits.within("training"));
        }
        if (wants("optimizers", arguments) && threads == 1) {
            Training.recordOptimizers(bits.within("optimizer"));
        }
    }

    private static boolean wants(String part, String... arguments) {
        boolean wants = arguments.length == 1;
        for (int i = 1; i < arguments.length; i++) {
            wants |= arguments[i].equals(part);
        }
        return wants;
    }
}
