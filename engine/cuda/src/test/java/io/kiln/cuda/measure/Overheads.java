package io.kiln.cuda.measure;

import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.backend.Queue;
import io.kiln.backend.Span;
import io.kiln.backend.Storage;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.linalg.MatMul;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;

/**
 * Times what surrounds the kernels: giving one to the device, waiting for it, memory, copies, and a large product for scale. Arguments: the
 * file of figures, precision, {@code tiny} or {@code full}.
 */
final class Overheads {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int REPEATS = 7;

    private final Path file;
    private final String precision;
    private final boolean tiny;
    private final Backend backend = Backends.current();

    private Overheads(String... arguments) {
        file = Path.of(arguments[0]);
        precision = arguments[1];
        tiny = arguments[2].equals("tiny");
    }

    public static void main(String[] arguments) throws IOException {
        Overheads all = new Overheads(arguments);
        if (all.precision.equals("float32")) {
            all.launches();
            all.memory();
            all.copies();
        }
        all.product();
    }

    private void launches() throws IOException {
        int count = tiny ? 50 : 2000;
        try (Scope scope = Scope.open()) {
            NDArray x = NDArray.zeros(Shape.of(1024), DType.FLOAT32);
            double given = best(() -> {
                try (Scope inner = Scope.open()) {
                    for (int i = 0; i < count; i++) {
                        x.add(1).close();
                    }
                }
            });
            write("operator on 1,024 floats, given to the device", "us", given * 1e6 / count);
            double waited = best(() -> {
                for (int i = 0; i < count; i++) {
                    x.add(1).close();
                    synchronize();
                }
            });
            write("the same, and waited for", "us", waited * 1e6 / count);
        }
    }

    private void memory() throws IOException {
        int count = tiny ? 100 : 10_000;
        double cached = best(() -> {
            for (int i = 0; i < count; i++) {
                backend.allocator().allocate(backend, 1 << 20).release();
            }
        });
        write("1 MiB from the cache and back", "us", cached * 1e6 / count);
        int fresh = tiny ? 2 : 20;
        double driver = best(() -> {
            for (int i = 0; i < fresh; i++) {
                backend.allocator().allocate(backend, 64L << 20).release();
                synchronize();
                backend.allocator().trim();
            }
        });
        write("64 MiB from the driver and back", "us", driver * 1e6 / fresh);
    }

    /** Between pinned memory and the device, as the feed of a fit copies. */
    private void copies() throws IOException {
        long bytes = tiny ? 1 << 16 : 1L << 28;
        Storage host = backend.hostMemory().allocate(backend, bytes);
        try (Scope scope = Scope.open()) {
            NDArray array = NDArray.zeros(Shape.of(bytes / Float.BYTES), DType.FLOAT32);
            Span there = Span.of(array.storage()).slice(0, bytes);
            Span here = Span.of(host).slice(0, bytes);
            Queue queue = Context.current().queue(backend);
            write("from the host to the device", "GB/s", bytes * 1e-9 / best(() -> queue.copy(there, here)));
            write("from the device to the host", "GB/s", bytes * 1e-9 / best(() -> queue.copy(here, there)));
            double seconds = best(() -> {
                try (Scope inner = Scope.open()) {
                    array.assign(array.mul(2));
                }
            });
            write("pointwise operator in place, read and written", "GB/s", 2e-9 * bytes / seconds);
        } finally {
            host.release();
        }
    }

    private void product() throws IOException {
        long n = tiny ? 32 : 8192;
        DType dtype = precision.equals("bfloat16") ? DType.BFLOAT16 : DType.FLOAT32;
        try (Scope scope = Scope.open()) {
            NDArray a = NDArray.zeros(Shape.of(n, n), dtype);
            double seconds = best(() -> Dispatch.one(new MatMul(), a, a).close());
            write(n + "×" + n + "×" + n + " product", "TFLOP/s", 2e-12 * n * n * n / seconds);
        }
    }

    /** Seconds of the quickest run, the device's work included; the first runs warm up. */
    private double best(Runnable work) {
        double[] seconds = new double[REPEATS];
        for (int i = 0; i < REPEATS; i++) {
            synchronize();
            long start = System.nanoTime();
            work.run();
            synchronize();
            seconds[i] = (System.nanoTime() - start) * 1e-9;
        }
        return Arrays.stream(seconds).min().orElseThrow();
    }

    private void synchronize() {
        Context.current().queue(backend).synchronize(PATIENCE);
    }

    private void write(String what, String unit, double value) throws IOException {
        new Figure(what, unit, precision, "kiln", value, "").write(file);
    }
}
