package io.kiln.view;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.observe.Call;
import io.kiln.observe.Interval;
import io.kiln.observe.Observation;
import io.kiln.observe.Observer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * Measures the time of each operator, on every thread that has an {@link Observation} of it open.
 *
 * <pre>{@code
 * Profiler profiler = new Profiler();
 * try (Observation o = Observation.open(profiler)) {
 *     trainOneStep();
 * }
 * System.out.println(profiler.table(Profiler.measurePeak()));
 * profiler.writeChromeTrace(Path.of("trace.json"));    // for chrome://tracing or ui.perfetto.dev
 * }</pre>
 *
 * <p>Rows count operators that the network called; the parts of composed operators appear in the trace only, which keeps
 * {@link #MAX_EVENTS} events.
 *
 * <p>Concurrency: safe.
 */
public final class Profiler implements Observer {
    /** Maximum number of events in a trace; later ones count in the rows only. */
    public static final int MAX_EVENTS = 1_000_000;

    private static final int PEAK_SIZE = 1536;
    private static final int PEAK_RUNS = 6;

    private final List<Event> events = new ArrayList<>();
    private final Map<Key, Sums> sums = new LinkedHashMap<>();
    private long dropped;

    /** Creates an empty profiler. */
    public Profiler() {}

    /**
     * A call or span in the trace.
     *
     * @param name name of the operator or span
     * @param place where it was called; empty for a span
     * @param category forward, backward or span
     * @param thread the thread that ran it
     * @param time when it ran
     * @param work its work; zero for a span and for a part of a composed operator
     */
    public record Event(String name, String place, String category, ThreadId thread, Interval time, Work work) {}

    /**
     * A thread.
     *
     * @param number its number
     * @param name its name
     */
    public record ThreadId(long number, String name) {
        private static ThreadId current() {
            Thread t = Thread.currentThread();
            return new ThreadId(t.getId(), t.getName());
        }
    }

    /**
     * The work of a call.
     *
     * @param flops floating-point operations
     * @param bytes memory traffic, {@link Call#bytes}
     */
    public record Work(long flops, long bytes) {
        private static final Work NONE = new Work(0, 0);
    }

    /**
     * Calls of one kind.
     *
     * @param name the operator, place or thread
     * @param phase forward, backward or span
     * @param calls their number
     * @param nanos their time
     * @param flops their floating-point operations
     * @param bytes their memory traffic, {@link Call#bytes}
     */
    public record Row(String name, String phase, long calls, long nanos, long flops, long bytes) {
        /** {@return operations per second} */
        public double flopsPerSecond() {
            return flops / (nanos * 1e-9);
        }
    }

    private record Key(String operator, String place, String phase, long thread) {}

    private static final class Sums {
        long calls;
        long nanos;
        long flops;
        long bytes;
    }

    @Override
    public void ran(Call call) {
        String phase = call.phase().name().toLowerCase(Locale.ROOT);
        boolean top = call.depth() == 0;
        add(
                new Event(
                        call.operator().name(),
                        call.place(),
                        phase,
                        ThreadId.current(),
                        call.time(),
                        top ? new Work(call.flops(), call.bytes()) : Work.NONE),
                top);
    }

    @Override
    public void span(String name, long start, long nanos) {
        add(new Event(name, "", "span", ThreadId.current(), new Interval(start, nanos), Work.NONE), true);
    }

    private synchronized void add(Event e, boolean counted) {
        if (events.size() < MAX_EVENTS) {
            events.add(e);
        } else {
            dropped++;
        }
        if (counted) {
            Sums s = sums.computeIfAbsent(
                    new Key(e.name(), e.place(), e.category(), e.thread().number()), k -> new Sums());
            s.calls++;
            s.nanos += e.time().nanos();
            s.flops += e.work().flops();
            s.bytes += e.work().bytes();
        }
    }

    /**
     * The events of the trace, in the order in which the calls ended.
     *
     * @return a copy
     */
    public synchronized List<Event> events() {
        return List.copyOf(events);
    }

    /**
     * The number of events that the trace has dropped.
     *
     * @return those beyond {@link #MAX_EVENTS}
     */
    public synchronized long dropped() {
        return dropped;
    }

    /**
     * The time of each operator.
     *
     * @return one row per operator and phase, longest time first
     */
    public List<Row> byOperator() {
        return rows(Key::operator);
    }

    /**
     * The time of each place in the network.
     *
     * @return one row per node or block and operator, and phase, longest time first
     */
    public List<Row> byPlace() {
        return rows(k -> k.place().isEmpty() ? k.operator() : k.place());
    }

    /**
     * The time of each thread.
     *
     * @return one row per thread and phase, named by the thread's number, longest time first
     */
    public List<Row> byThread() {
        return rows(k -> Long.toString(k.thread()));
    }

    private synchronized List<Row> rows(Function<Key, String> name) {
        Map<List<String>, Row> rows = new LinkedHashMap<>();
        sums.forEach((k, s) -> rows.merge(
                List.of(name.apply(k), k.phase()),
                new Row(name.apply(k), k.phase(), s.calls, s.nanos, s.flops, s.bytes),
                Profiler::sum));
        return rows.values().stream()
                .sorted(Comparator.comparingLong(Row::nanos).reversed())
                .toList();
    }

    private static Row sum(Row a, Row b) {
        return new Row(
                a.name(),
                a.phase(),
                a.calls() + b.calls(),
                a.nanos() + b.nanos(),
                a.flops() + b.flops(),
                a.bytes() + b.bytes());
    }

    /**
     * The rows of {@link #byOperator} as text, with rates, without the share of the machine's peak.
     *
     * @return the table
     */
    public String table() {
        return table(Double.NaN);
    }

    /**
     * The rows of {@link #byOperator} as text.
     *
     * @param peak floating-point operations per second at the machine's peak, {@link #measurePeak}; NaN if unknown
     * @return the table
     */
    public String table(double peak) {
        return table(byOperator(), peak);
    }

    /**
     * Rows as text.
     *
     * @param rows the rows
     * @param peak floating-point operations per second at the machine's peak; NaN if unknown
     * @return the table
     */
    public static String table(List<Row> rows, double peak) {
        // Spans contain operators: they have no share of their own.
        double all = rows.stream()
                .filter(r -> !r.phase().equals("span"))
                .mapToLong(Row::nanos)
                .sum();
        TextTable table = new TextTable(
                2, "name", "phase", "calls", "total ms", "%", "mean us", "GFLOP", "GFLOP/s", "% peak", "MB", "GB/s");
        for (Row r : rows) {
            boolean span = r.phase().equals("span");
            table.row(
                    r.name(),
                    r.phase(),
                    Long.toString(r.calls()),
                    number("%.3f", r.nanos() / 1e6),
                    span ? "" : number("%.1f", 100 * r.nanos() / all),
                    number("%.1f", r.nanos() / 1e3 / r.calls()),
                    span ? "" : number("%.4f", r.flops() / 1e9),
                    span ? "" : number("%.2f", r.flopsPerSecond() / 1e9),
                    span || Double.isNaN(peak) ? "" : number("%.1f", 100 * r.flopsPerSecond() / peak),
                    span ? "" : number("%.2f", r.bytes() / 1e6),
                    span ? "" : number("%.2f", (double) r.bytes() / r.nanos()));
        }
        return table.toString();
    }

    private static String number(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }

    /**
     * Writes the events in the Trace Event Format of Chrome, which chrome://tracing and Perfetto show.
     *
     * @param file the file, replaced
     * @throws IOException if writing fails
     */
    public void writeChromeTrace(Path file) throws IOException {
        ChromeTrace.write(file, events());
    }

    /**
     * Measures the peak of this thread: the fastest of several products of float32 matrices of 1,536 rows and columns on
     * the current device.
     *
     * @return floating-point operations per second
     */
    public static double measurePeak() {
        try (Autograd.Mode pause = Autograd.pause();
                Scope scope = Scope.open()) {
            NDArray a = NDArray.ones(Shape.of(PEAK_SIZE, PEAK_SIZE), DType.FLOAT32);
            long best = Long.MAX_VALUE;
            for (int i = 0; i < PEAK_RUNS; i++) {
                long start = System.nanoTime();
                a.matmul(a).close();
                best = Math.min(best, System.nanoTime() - start);
            }
            return 2.0 * PEAK_SIZE * PEAK_SIZE * PEAK_SIZE / (best * 1e-9);
        }
    }
}
