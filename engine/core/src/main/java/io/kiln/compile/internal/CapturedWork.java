package io.kiln.compile.internal;

import io.kiln.backend.Backend;
import io.kiln.backend.Context;
import io.kiln.backend.NotCapturableException;
import io.kiln.backend.OutOfDeviceMemoryException;
import io.kiln.backend.Queue;
import io.kiln.backend.Recording;
import io.kiln.backend.Waits;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.observe.Observation;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Work that is repeated on inputs of the same shapes. It runs as it is at first; then the device's queue captures it,
 * and replays it from then on. The captured work reads copies of the inputs, which it owns, so that these may lie
 * anywhere. When arrays that it writes or reads beside are replaced, it runs as it is once and is captured anew if they
 * have come to stay; in another queue it is captured anew too. Work that cannot be captured runs as it is.
 *
 * <p>Work may run {@linkplain Queue#between code of the host} in its midst.
 *
 * <p>Concurrency: one thread.
 */
public final class CapturedWork implements AutoCloseable {
    private static final Logger LOG = System.getLogger(CapturedWork.class.getName());

    /** Runs that choose algorithms, build kernels and leave memory in the allocator. */
    private static final int WARM_UPS = 2;

    private static final int MOST_REFUSALS = 2;

    private final String name;
    private final boolean writes;
    private final List<Runnable> checks = new ArrayList<>();
    private int runs;
    private int refusals;
    private boolean replayed;
    private Queue queue;
    private Recording recording;
    private NDArray[] fixed;
    private NDArray[] inputs;
    private NDArray[] outputs;

    /** The work. */
    @FunctionalInterface
    public interface Work {
        /**
         * Gives it to the calling thread's queue.
         *
         * @param inputs its inputs
         * @return its outputs, new arrays in the calling thread's scope
         */
        NDArray[] run(NDArray... inputs);
    }

    /**
     * Nothing yet.
     *
     * @param name what it is called in logs
     */
    public CapturedWork(String name) {
        this(name, true);
    }

    /**
     * Nothing yet.
     *
     * @param name what it is called in logs
     * @param writes whether the work writes to the arrays that it uses beside its inputs
     */
    public CapturedWork(String name, boolean writes) {
        this.name = name;
        this.writes = writes;
    }

    /** Whether the last run was a replay. */
    boolean isCaptured() {
        return replayed;
    }

    /**
     * Does the work once.
     *
     * @param work the same each time
     * @param others the arrays that it uses beside its inputs
     * @param given its inputs, on one device with the others, of the same shapes each time
     * @return its outputs, valid until the next call
     */
    public NDArray[] run(Work work, NDArray[] others, NDArray... given) {
        replayed = false;
        Backend backend = (given.length > 0 ? given : others)[0].backend();
        if (refusals >= MOST_REFUSALS || !backend.traits().captures() || Observation.current() != null) {
            return work.run(given);
        }
        Queue now = Context.current().queue(backend);
        boolean moved = queue != now; // libraries of the new queue have no workspaces yet
        boolean replaced = !Arrays.equals(fixed, others);
        if (moved || replaced) {
            drop();
            runs = moved ? 0 : Math.min(runs, WARM_UPS - 1);
            queue = now;
            fixed = others.clone();
        }
        if (recording == null) {
            if (runs < WARM_UPS) {
                runs++;
                return work.run(given);
            }
            if (!capture(work, backend, given)) {
                return work.run(given);
            }
        }
        for (int i = 0; i < given.length; i++) {
            InPlace.copy(given[i], inputs[i]);
        }
        recording.replay();
        replayed = true;
        if (writes) {
            InPlace.bumpVersions(others);
        }
        InPlace.bumpVersions(outputs);
        checks.forEach(Runnable::run);
        return outputs;
    }

    private boolean capture(Work work, Backend backend, NDArray... given) {
        Waits waits = Context.current().waits(backend);
        try (Scope scope = Scope.open()) {
            inputs = new NDArray[given.length];
            for (int i = 0; i < given.length; i++) {
                inputs[i] = given[i].newArray(given[i].spec()).detach();
            }
            recording = waits.capture(() -> outputs = work.run(inputs), checks);
            for (NDArray y : outputs) {
                y.detach();
            }
            LOG.log(Level.DEBUG, "{0}: captured as {1}", name, recording);
            return true;
        } catch (NotCapturableException | OutOfDeviceMemoryException e) {
            refusals++;
            runs = 0;
            LOG.log(
                    Level.DEBUG,
                    "{0}: not captured, runs call by call{1}: {2}",
                    name,
                    refusals < MOST_REFUSALS ? " until it is tried again" : " from now on",
                    e.getMessage());
            return false;
        } finally {
            if (recording == null) {
                drop();
            }
        }
    }

    private void drop() {
        checks.clear();
        close(inputs);
        close(outputs);
        inputs = null;
        outputs = null;
        if (recording != null) {
            Recording old = recording;
            recording = null;
            old.close();
        }
    }

    private static void close(NDArray... arrays) {
        if (arrays != null) {
            for (NDArray a : arrays) {
                if (a != null) { // memory ran out before all were made
                    a.close();
                }
            }
        }
    }

    /** Frees the captured work. */
    @Override
    public void close() {
        drop();
        fixed = null;
        queue = null;
        runs = 0;
    }
}
