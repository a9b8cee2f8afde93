package io.kiln.backend;

import java.util.function.Supplier;

/**
 * Everything that Kiln keeps per thread: the device on which the thread creates arrays, and its open scope, recording, mixed
 * precision, random numbers, tracing and observers. Each of these is set where it belongs ({@link Backends#use},
 * {@code Scope.open}, {@code Autograd.record}, …); the context holds them together, so that a thread that works for several
 * owners can put all of them aside and take them up again.
 *
 * <pre>{@code
 * try (Context task = Context.open(device, cores)) {
 *     …whatever the task leaves switched on ends here…
 * }
 * }</pre>
 *
 * <p>Life cycle: a thread has a context from its first call on; {@link #open} puts a new one in its place until
 * {@link #close}, innermost first. Concurrency: belongs to its thread.
 */
public final class Context implements AutoCloseable {
    private static final ThreadLocal<Context> CURRENT = ThreadLocal.withInitial(() -> new Context(null));
    private static final int PARTS = Part.values().length;

    private final Context outer;
    private final Object[] values = new Object[PARTS];
    private Backend backend;
    private Queue queue;
    private Backend opened;
    private int threadsBefore;

    private Context(Context outer) {
        this.outer = outer;
    }

    /** What a context holds besides the device; each part is set by one class alone. */
    public enum Part {
        /** The innermost open scope. */
        SCOPE,
        /** Recording, and train or predict mode. */
        AUTOGRAD,
        /** Mixed precision. */
        AUTOCAST,
        /** Seed and number of draws. */
        RANDOM,
        /** The group of workers. */
        WORKERS,
        /** Observers. */
        OBSERVATION,
        /** The graph that is being traced. */
        TRACER,
        /** Names of the parameters that are being traced. */
        TRACE_NAMES,
        /** Prefix and attributes of new symbols. */
        SYMBOLS
    }

    /**
     * Access to one part of the calling thread's context, for the class that owns it.
     *
     * @param <T> what the part holds
     * @param index the part's position
     * @param type what the part holds
     */
    public record Local<T>(int index, Class<T> type) {
        /**
         * The part in the calling thread's context.
         *
         * @return its value, or null when it was not set
         */
        public T get() {
            return type.cast(CURRENT.get().values[index]);
        }

        /**
         * The part in the calling thread's context, which is set when it was not.
         *
         * @param initial makes the first value
         * @return its value
         */
        public T get(Supplier<T> initial) {
            Object[] values = CURRENT.get().values;
            T value = type.cast(values[index]);
            if (value == null) {
                value = initial.get();
                values[index] = value;
            }
            return value;
        }

        /**
         * Sets the part in the calling thread's context.
         *
         * @param value the new value; null unsets it
         */
        public void set(T value) {
            CURRENT.get().values[index] = value;
        }
    }

    /**
     * Access to one part of each thread's context.
     *
     * @param part which one
     * @param type what it holds
     * @param <T> what it holds
     * @return the access, to be kept by the class that owns the part
     */
    public static <T> Local<T> local(Part part, Class<T> type) {
        return new Local<>(part.ordinal(), type);
    }

    /**
     * The context of the calling thread.
     *
     * @return the context that was opened last
     */
    public static Context current() {
        return CURRENT.get();
    }

    /**
     * Puts a new context in place of the thread's: a device with a queue of its own, and nothing else that the thread has set.
     *
     * @param device where arrays are created and operators without inputs run
     * @param threads how many threads operators use
     * @return ends the context and puts the former one back, with its number of threads
     */
    public static Context open(Device device, int threads) {
        Context context = new Context(CURRENT.get());
        context.backend = Backends.get(device);
        context.opened = context.backend;
        context.threadsBefore = context.opened.threads();
        context.opened.setThreads(threads);
        context.queue = context.opened.newQueue(Thread.currentThread().getName());
        CURRENT.set(context);
        return context;
    }

    /**
     * Puts a new context in place of the thread's, with the number of threads that the device has for this thread.
     *
     * @param device where arrays are created and operators without inputs run
     * @return ends the context and puts the former one back
     */
    public static Context open(Device device) {
        return open(device, Backends.get(device).threads());
    }

    /**
     * Where this thread creates arrays and runs operators without inputs.
     *
     * @return the backend chosen by {@link #use}, otherwise that of {@link Backends#standard}
     */
    public Backend backend() {
        if (backend == null) {
            backend = Backends.get(Backends.standard());
        }
        return backend;
    }

    /**
     * Chooses where this thread creates arrays from now on.
     *
     * @param device the device
     * @return its backend
     */
    public Backend use(Device device) {
        backend = Backends.get(device);
        return backend;
    }

    /** Puts the device back that a thread had before {@link Context#switchTo}. */
    public static final class Switch implements AutoCloseable {
        private final Context context;
        private final Backend before;

        private Switch(Context context, Backend before) {
            this.context = context;
            this.before = before;
        }

        /** Puts the former device back. */
        @Override
        public void close() {
            context.backend = before;
        }
    }

    /**
     * Chooses where this thread creates arrays for a while; all else in its context stays.
     *
     * @param backend the device's backend
     * @return puts the former device back when it is closed
     */
    public static Switch switchTo(Backend backend) {
        Context context = CURRENT.get();
        Switch back = new Switch(context, context.backend);
        context.backend = backend;
        return back;
    }

    /**
     * The queue in which this thread gives work to its device.
     *
     * @return the context's own while it is on the device it was opened for, otherwise that of the device
     */
    public Queue queue() {
        return queue(backend());
    }

    /**
     * The queue in which this thread gives work to a device.
     *
     * @param device the device
     * @return the context's own on the device it was opened for, otherwise that of the device
     */
    public Queue queue(Backend device) {
        return device == opened ? queue : device.queue();
    }

    /**
     * Waits for the context's queue, and puts back the context that the thread had before {@link #open}.
     *
     * @throws IllegalStateException when a context opened inside this one is still open, or on another thread
     */
    @Override
    public void close() {
        if (outer == null || CURRENT.get() != this) {
            throw new IllegalStateException(
                    outer == null
                            ? "context: closed, but it was not opened; close what Context.open has returned"
                            : "context: closed while a context opened inside it is still open, or by another thread than the one"
                                    + " that opened it");
        }
        CURRENT.set(outer);
        opened.setThreads(threadsBefore);
        queue.close();
    }
}
