package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_set_primitive_cache_capacity;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_destroy;

import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.natives.Natives;
import io.kiln.ndarray.internal.Memory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_stream;

/**
 * The state a thread needs to call oneDNN: engine, stream, an LRU cache of its calls and one scratch buffer shared by them.
 * It is created by the thread's first call and freed some time after the thread has ended.
 *
 * <p>Concurrency: belongs to its thread.
 */
public final class CpuContext {

    /**
     * Cached calls of one thread. A call takes up to half a megabyte (generated code), so this limits the memory to
     * some 200 MiB; layers of the same sizes share a call, and networks of 150 layers have fewer than 300 different
     * ones.
     */
    static final int CAPACITY = 384;

    /**
     * Number of multiplications up to which a convolution is left to the calling thread, because two threads are no
     * faster (measured: 147,456 take one thread 4.8 µs and two 5.8; 331,776 take both 10).
     */
    static final long ALONE = 1 << 18;

    private static final String LIBRARY_CACHE = "ONEDNN_PRIMITIVE_CACHE_CAPACITY";

    private static final ThreadLocal<CpuContext> CURRENT = ThreadLocal.withInitial(CpuContext::create);

    private final Resources resources = new Resources();
    private final CallKey key = new CallKey();
    private final InvalidOperations invalid = new InvalidOperations();
    private final LowestFloats lowest = new LowestFloats();
    private boolean noted;
    private int threads;
    private int used;
    private CallLog log;

    private CpuContext() {
        OneDnnException.check("engine", dnnl_engine_create(resources.engine, dnnl_cpu, 0));
        OneDnnException.check(
                "stream", dnnl_stream_create(resources.stream, resources.engine, dnnl_stream_default_flags));
    }

    private static CpuContext create() {
        if (!Natives.get().isAvailable()) {
            throw new IllegalStateException(Natives.get().reason());
        }
        // What the library keeps for all threads, in addition to our own caches.
        if (System.getenv(LIBRARY_CACHE) == null) {
            OneDnnException.check("cache capacity", dnnl_set_primitive_cache_capacity(CAPACITY));
        }
        CpuContext context = new CpuContext();
        Disposal.register(context, context.resources);
        return context;
    }

    /**
     * The context of the calling thread, set to the thread's number of engine threads.
     *
     * @return the context
     * @throws IllegalStateException if oneDNN is not available, with the reason
     */
    public static CpuContext current() {
        return current(Long.MAX_VALUE);
    }

    /**
     * The context of the calling thread, set to one engine thread for a call with little work, and otherwise to all of
     * the thread's.
     *
     * @param multiplications of the call
     * @return the context
     * @throws IllegalStateException if oneDNN is not available, with the reason
     */
    static CpuContext current(long multiplications) {
        CpuContext context = CURRENT.get();
        int threads = EngineThreads.count();
        if (context.threads != threads) {
            EngineThreads.parallel(); // tells OpenMP
            context.threads = threads;
            context.used = threads;
        }
        context.use(multiplications <= ALONE ? 1 : threads);
        return context;
    }

    /**
     * Whether this thread's calls since the last check swallowed or produced a NaN: oneDNN's maxima and activations turn NaN
     * into a number, or ∞ into NaN, where the operators' definitions do not. May return true because of other code; the kernel
     * then inspects its data, or computes the result another way with the same bits. Recorded calls are checked on replay.
     *
     * @return true if it may have happened
     */
    public static boolean tookInvalid() {
        CpuContext context = CURRENT.get();
        boolean raised = context.invalid.take(context.used) || context.noted;
        context.noted = false;
        if (context.log != null) {
            context.log.watch(raised);
        }
        return raised;
    }

    /** Records an invalid operation that has raised no flag. */
    void noteInvalid() {
        noted = true;
    }

    boolean holdsLowest(long address, long count) {
        return lowest.in(address, count);
    }

    /** Sets the number of threads for the following calls. */
    void use(int count) {
        if (used != count) {
            Natives.get().openMp().setThreads(count);
            used = count;
        }
    }

    /** The number of threads on which the following calls run, and for which new ones are built. */
    int used() {
        return used;
    }

    /**
     * Number of calls in the cache.
     *
     * @return between 0 and the capacity
     */
    public int cachedCalls() {
        return resources.cache.size();
    }

    /**
     * Size of the scratch buffer.
     *
     * @return bytes
     */
    public long scratchBytes() {
        return resources.scratchBytes;
    }

    /** Where calls are recorded; null most of the time. */
    CallLog log() {
        return log;
    }

    void log(CallLog newLog) {
        log = newLog;
    }

    int threads() {
        return threads;
    }

    dnnl_engine engine() {
        return resources.engine;
    }

    dnnl_stream stream() {
        return resources.stream;
    }

    CallKey key(Operation operation) {
        return key.start(operation.ordinal(), used);
    }

    /** The plan for the key last filled; {@link Plan#UNSUPPORTED} if oneDNN cannot do it. */
    Plan plan(Function<PlanBuilder, Plan> build) {
        Plan plan = resources.cache.get(key);
        if (plan == null) {
            CallKey entry = key.copy();
            try (PlanBuilder builder = new PlanBuilder(this)) {
                plan = build.apply(builder);
            } catch (OneDnnException e) {
                if (!e.isUnimplemented()) {
                    throw e;
                }
                plan = Plan.UNSUPPORTED;
            }
            resources.cache.put(entry, plan);
        }
        return plan;
    }

    /** The scratch buffer with at least this many bytes, aligned to 64. */
    long scratch(long bytes) {
        return resources.scratch(bytes);
    }

    /** Native resources, freed when the context becomes garbage. */
    private static final class Resources implements Runnable {
        final dnnl_engine engine = new dnnl_engine();
        final dnnl_stream stream = new dnnl_stream();
        final Cache cache = new Cache();
        private long block;
        private long aligned;
        private long scratchBytes;

        long scratch(long bytes) {
            if (bytes > scratchBytes) {
                freeScratch();
                block = Memory.allocate(bytes + 64);
                aligned = (block + 63) & -64L;
                scratchBytes = bytes;
            }
            return aligned;
        }

        private void freeScratch() {
            if (block != 0) {
                Memory.free(block);
                block = 0;
                scratchBytes = 0;
            }
        }

        @Override
        public void run() {
            cache.values().forEach(Plan::close);
            freeScratch();
            dnnl_stream_destroy(stream);
            dnnl_engine_destroy(engine);
        }
    }

    private static final class Cache extends LinkedHashMap<CallKey, Plan> {
        private static final long serialVersionUID = 1L;

        Cache() {
            super(256, 0.5f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<CallKey, Plan> eldest) {
            if (size() <= CAPACITY) {
                return false;
            }
            eldest.getValue().close();
            return true;
        }
    }
}
