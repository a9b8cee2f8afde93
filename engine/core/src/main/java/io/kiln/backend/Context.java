package io.kiln.backend;

import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Kiln's state per thread: the device on which the thread creates arrays, and its open scope, recording, mixed
 * precision, random numbers, tracing and observers. Each of these is set by the class that owns it ({@link
 * Backends#use}, {@code Scope.open}, {@code Autograd.record}, …); the context holds them together, so that a thread
 * that works for several owners can set all of them aside and restore them.
 *
 * <pre>{@code
 * try (Context task = Context.open(device, cores)) {
 *     …whatever the task leaves switched on ends here…
 * }
 * }</pre>
 *
 * <p>Life cycle: a thread has a context from its first call on; {@link #open} replaces it with a new one until {@link
 * #close}, innermost first. Concurrency: belongs to its thread.
 */
public final class Context implements AutoCloseable {
    private static final ThreadLocal<Context> CURRENT = ThreadLocal.withInitial(() -> new Context(null));
    private static final int PARTS = Part.values().length;

    private final Context outer;
    private final Object[] values = new Object[PARTS];
    private Backend backend;
    private Queue queue;
    private final Map<Queue, Waits> waits = new IdentityHashMap<>(2);
    private Backend opened;
    private int threadsBefore;
    private boolean lent;

    private Context(Context outer) {
        this.outer = outer;
    }

    /** What a context holds besides the device; each part is set by one class only. */
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
        /** The layer that runs. */
        LAYER,
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
     * @param <T> type of the part
     * @param index the part's position
     * @param type type of the part
     */
    public record Local<T>(int index, Class<T> type) {
        /**
         * Returns the part in the calling thread's context.
         *
         * @return its value, or null if it is not set
         */
        public T get() {
            return type.cast(CURRENT.get().values[index]);
        }

        /**
         * Returns the part in the calling thread's context, after setting it if necessary.
         *
         * @param initial creates the initial value
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
     * Creates access to one part of each thread's context.
     *
     * @param part the part
     * @param type its type
     * @param <T> its type
     * @return the access, to be kept by the class that owns the part
     */
    public static <T> Local<T> local(Part part, Class<T> type) {
        return new Local<>(part.ordinal(), type);
    }

    /**
     * Returns the context of the calling thread.
     *
     * @return the context that was opened last
     */
    public static Context current() {
        return CURRENT.get();
    }

    /**
     * Replaces the thread's context with a new one: a device with its own queue, and none of the thread's other
     * settings.
     *
     * @param device the device for creating arrays and running operators without inputs
     * @param threads number of threads for operators
     * @return the context, which restores the previous one and its number of threads when closed
     */
    public static Context open(Device device, int threads) {
        return open(device, threads, null);
    }

    /**
     * Replaces the thread's context as {@link #open(Device, int)} does, with a queue that stays open when the context is
     * closed: work that a device captures is replayed in the queue that it was captured in.
     *
     * @param device the device for creating arrays and running operators without inputs
     * @param threads number of threads for operators
     * @param lent a queue of the device, closed by its owner; null for a queue of the context's own
     * @return the context, which restores the previous one and its number of threads when closed
     */
    public static Context open(Device device, int threads, Queue lent) {
        Context context = new Context(CURRENT.get());
        context.lent = lent != null;
        context.backend = Backends.get(device);
        context.opened = context.backend;
        context.threadsBefore = context.opened.threads();
        context.opened.setThreads(threads);
        context.queue = context.lent
                ? lent
                : context.opened.newQueue(Thread.currentThread().getName());
        CURRENT.set(context);
        return context;
    }

    /**
     * Replaces the thread's context with a new one, with the number of threads that the device has for this thread.
     *
     * @param device the device for creating arrays and running operators without inputs
     * @return the context, which restores the previous one when closed
     */
    public static Context open(Device device) {
        return open(device, Backends.get(device).threads());
    }

    /**
     * The backend for creating arrays and running operators without inputs.
     *
     * @return the backend chosen by {@link #use}, or else that of {@link Backends#standard}
     */
    public Backend backend() {
        if (backend == null) {
            backend = Backends.get(Backends.standard());
        }
        return backend;
    }

    /**
     * Chooses the device on which this thread creates arrays from now on.
     *
     * @param device the device
     * @return its backend
     */
    public Backend use(Device device) {
        backend = Backends.get(device);
        return backend;
    }

    /** Restores the device that a thread had before {@link Context#switchTo}. */
    public static final class Switch implements AutoCloseable {
        private final Context context;
        private final Backend before;

        private Switch(Context context, Backend before) {
            this.context = context;
            this.before = before;
        }

        /** Restores the previous device. */
        @Override
        public void close() {
            context.backend = before;
        }
    }

    /**
     * Temporarily chooses the device on which this thread creates arrays; everything else in its context stays.
     *
     * @param backend the device's backend
     * @return restores the previous device when closed
     */
    public static Switch switchTo(Backend backend) {
        Context context = CURRENT.get();
        Switch back = new Switch(context, context.backend);
        context.backend = backend;
        return back;
    }

    /**
     * The queue to which this thread submits work for its device.
     *
     * @return the context's own if it is on the device for which it was opened, or else the device's
     */
    public Queue queue() {
        return queue(backend());
    }

    /**
     * The queue to which this thread submits work for a device.
     *
     * @param device the device
     * @return the context's own on the device for which it was opened, or else the device's
     */
    public Queue queue(Backend device) {
        return device == opened ? queue : device.queue();
    }

    /**
     * How this thread waits for its queue of a device.
     *
     * @param device a device whose work runs late
     * @return the waits for {@link #queue(Backend)}
     */
    public Waits waits(Backend device) {
        return waits.computeIfAbsent(queue(device), Waits::new);
    }

    /**
     * Waits for the context's queue, and restores the context that the thread had before {@link #open}.
     *
     * @throws IllegalStateException if a context opened inside this one is still open, or on another thread
     * @throws RuntimeException if a check of values has failed and nobody has waited for it
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
        try {
            Waits own = waits.get(queue);
            if (own != null) {
                own.end();
            }
        } finally {
            CURRENT.set(outer);
            opened.setThreads(threadsBefore);
            if (!lent) {
                queue.close();
            }
        }
    }
}
