package io.kiln.compile.internal;

import io.kiln.backend.Backend;
import io.kiln.backend.Context;
import io.kiln.backend.Queue;
import io.kiln.compile.CompileOptions;
import io.kiln.compile.Executable;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.NDArray;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * Runs predictions; where the device captures work, from the third on that a queue is given of the same program it
 * replays them. Recordings keep memory: the least recently used ones are dropped when there are more of them than
 * {@link CompileOptions#programs} or when they use more than a quarter of the device's budget.
 *
 * <p>Concurrency: thread-safe; while one thread uses a recording, others of the same queue run the program as it is.
 */
public final class CapturedPredictions implements AutoCloseable {
    private static final long SHARE_OF_BUDGET = 4;

    private final int most;
    private final Map<Key, Recorded> recorded = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    private record Key(Executable program, Queue queue) {}

    private static final class Recorded {
        final CapturedWork work;
        final long bytes;
        int[] versions;
        boolean used = true;
        boolean dropped;

        Recorded(CapturedWork work, long bytes) {
            this.work = work;
            this.bytes = bytes;
        }
    }

    /**
     * None yet.
     *
     * @param options the number of recordings to keep
     */
    public CapturedPredictions(CompileOptions options) {
        this.most = options.programs();
    }

    /**
     * Runs the forward pass of a program that writes none of its parameters.
     *
     * @param program the program
     * @param parameters as for {@link Executable#run}
     * @param data one array per input
     * @return the outputs, new arrays
     */
    public NDArray[] run(Executable program, NDArray[] parameters, NDArray... data) {
        Backend backend = data[0].backend();
        if (!backend.traits().captures()) {
            return program.run(parameters, data);
        }
        Queue queue = Context.current().queue(backend);
        Key key = new Key(program, queue);
        Recorded found = queue.isCapturing() ? null : take(key, backend, data);
        if (found == null) {
            return program.run(parameters, data);
        }
        try {
            NDArray[] others =
                    Arrays.stream(parameters).filter(Objects::nonNull).toArray(NDArray[]::new);
            if (program.prepackedBytes() > 0) {
                forgetOldWeights(found, others);
            }
            NDArray[] outputs = found.work.run(in -> program.run(parameters, in), others, data);
            return found.work.isCaptured() ? copies(outputs) : outputs;
        } finally {
            giveBack(found);
        }
    }

    /** The recording's own outputs are overwritten by its next run. */
    private static NDArray[] copies(NDArray... outputs) {
        NDArray[] copies = new NDArray[outputs.length];
        for (int i = 0; i < copies.length; i++) {
            copies[i] = outputs[i].newArray(outputs[i].spec());
            InPlace.copy(outputs[i], copies[i]);
        }
        return copies;
    }

    /** What was computed of weights before is in the recording, not how. */
    private static void forgetOldWeights(Recorded found, NDArray... parameters) {
        int[] versions =
                Arrays.stream(parameters).mapToInt(p -> p.storage().version()).toArray();
        if (!Arrays.equals(versions, found.versions)) {
            found.work.close();
            found.versions = versions;
        }
    }

    private synchronized Recorded take(Key key, Backend backend, NDArray... data) {
        forget(k -> k.queue.isClosed());
        Recorded known = recorded.get(key);
        if (known != null) {
            boolean free = !known.used;
            known.used = true;
            return free ? known : null;
        }
        long size = key.program.arenaBytes();
        for (NDArray x : data) {
            size += x.size() * x.dtype().bytes();
        }
        long room = backend.allocator().budget() / SHARE_OF_BUDGET;
        for (Iterator<Recorded> oldest = recorded.values().iterator();
                oldest.hasNext() && (recorded.size() >= most || bytes + size > room); ) {
            Recorded old = oldest.next();
            oldest.remove();
            drop(old);
        }
        if (size > room) {
            return null;
        }
        Recorded made = new Recorded(new CapturedWork("prediction on " + Arrays.toString(specs(data)), false), size);
        recorded.put(key, made);
        bytes += size;
        return made;
    }

    private static Object[] specs(NDArray... data) {
        return Arrays.stream(data).map(NDArray::spec).toArray();
    }

    private synchronized void giveBack(Recorded r) {
        r.used = false;
        if (r.dropped) {
            r.work.close();
        }
    }

    private void drop(Recorded r) {
        bytes -= r.bytes;
        r.dropped = true;
        if (!r.used) {
            r.work.close();
        }
    }

    /**
     * Drops the recordings of a program.
     *
     * @param program the program
     */
    public synchronized void forget(Executable program) {
        forget(k -> k.program == program);
    }

    private void forget(Predicate<Key> some) {
        recorded.entrySet().removeIf(e -> {
            boolean gone = some.test(e.getKey());
            if (gone) {
                drop(e.getValue());
            }
            return gone;
        });
    }

    /** Drops all recordings. */
    @Override
    public synchronized void close() {
        recorded.values().forEach(this::drop);
        recorded.clear();
    }
}
