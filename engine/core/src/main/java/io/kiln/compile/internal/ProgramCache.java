package io.kiln.compile.internal;

import io.kiln.compile.CompileOptions;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.observe.Observation;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Caches programs by the shapes and dtypes of their inputs: the most recently used ones, as many as
 * {@link CompileOptions#programs}. Inputs of the same shape may have several programs, which a predicate distinguishes.
 *
 * <p>Concurrency: thread-safe.
 *
 * @param <P> a program and its data
 */
public final class ProgramCache<P> {
    private static final Logger LOG = System.getLogger(ProgramCache.class.getName());

    private final String owner;
    private final int most;
    private final Consumer<P> evict;
    private final Map<List<Spec>, List<P>> programs = new LinkedHashMap<>(16, 0.75f, true);
    private int kept;
    private boolean warned;

    /**
     * Creates an empty cache.
     *
     * @param owner the block or step that compiles, for the warning
     * @param options the number of programs to keep
     * @param evict frees a program that is no longer cached; it may still be running
     */
    public ProgramCache(String owner, CompileOptions options, Consumer<P> evict) {
        this.owner = owner;
        this.most = options.programs();
        this.evict = evict;
    }

    /**
     * Looks up a program.
     *
     * @param serves whether a program for inputs of these shapes and dtypes is the right one
     * @param inputs the inputs
     * @return the program, or null
     */
    public synchronized P find(Predicate<P> serves, NDArray... inputs) {
        List<P> sameShapes = programs.get(key(inputs));
        if (sameShapes != null) {
            for (P p : sameShapes) {
                if (serves.test(p)) {
                    return p;
                }
            }
        }
        return null;
    }

    /**
     * Adds a compiled program.
     *
     * @param program the program
     * @param nanos duration of the compilation
     * @param inputs the inputs for which it was compiled
     */
    public void add(P program, long nanos, NDArray... inputs) {
        List<P> dropped;
        int now;
        synchronized (this) {
            programs.computeIfAbsent(key(inputs), k -> new ArrayList<>()).add(program);
            kept++;
            dropped = new ArrayList<>();
            // Those of the most recently used shapes stay, whatever their number.
            for (Iterator<List<P>> oldest = programs.values().iterator(); kept > most && programs.size() > 1; ) {
                List<P> all = oldest.next();
                oldest.remove();
                kept -= all.size();
                dropped.addAll(all);
            }
            now = kept;
            if (!dropped.isEmpty() && !warned) {
                warned = true;
                LOG.log(
                        Level.WARNING,
                        "{0}: called with more than {1} shapes of inputs, each of which is compiled: the program used longest ago is dropped for each new one. Pad batches to a few sizes (buckets), or raise CompileOptions.withPrograms",
                        owner,
                        most);
            }
        }
        dropped.forEach(evict);
        Observation observation = Observation.current();
        if (observation != null) {
            observation.compiled(nanos, now);
        }
    }

    /** Drops all programs. */
    public void clear() {
        List<P> dropped = new ArrayList<>();
        synchronized (this) {
            programs.values().forEach(dropped::addAll);
            programs.clear();
            kept = 0;
        }
        dropped.forEach(evict);
    }

    private static List<Spec> key(NDArray... inputs) {
        Spec[] specs = new Spec[inputs.length];
        for (int i = 0; i < specs.length; i++) {
            specs[i] = inputs[i].spec();
        }
        return List.of(specs);
    }
}
