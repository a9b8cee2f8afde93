package io.kiln.ndarray;

import io.kiln.backend.Backend;
import io.kiln.backend.Context;
import io.kiln.backend.Handover;
import io.kiln.backend.NotCapturableException;
import io.kiln.backend.Queue;
import io.kiln.pointwise.PointwiseProgram;

/**
 * Lets a backend write into existing arrays and counts the writes, so that values read earlier are recognized as stale.
 */
public final class InPlace {
    private InPlace() {}

    /**
     * Runs a pointwise program into arrays.
     *
     * @param program the program
     * @param inputs arrays that broadcast to the outputs' shape
     * @param outputs arrays of one shape, overwritten; they may also be inputs
     * @param scalars the program's scalars
     * @throws IllegalArgumentException if the arrays are on different devices
     */
    public static void run(PointwiseProgram program, NDArray[] inputs, NDArray[] outputs, double... scalars) {
        Backend backend = outputs[0].backend();
        checkDevice(backend, inputs);
        checkDevice(backend, outputs);
        backend.run(program, inputs, outputs, scalars);
        bumpVersions(outputs);
    }

    /**
     * Prepares a pointwise program for many runs; the caller counts the writes.
     *
     * @param program the program
     * @param inputs arrays that broadcast to the outputs' shape
     * @param outputs arrays of one shape, to be overwritten
     * @return the program, for these arrays or others of the same device, shapes and strides
     * @throws IllegalArgumentException if the arrays are on different devices
     */
    public static Backend.Prepared prepare(PointwiseProgram program, NDArray[] inputs, NDArray... outputs) {
        Backend backend = outputs[0].backend();
        checkDevice(backend, inputs);
        checkDevice(backend, outputs);
        return backend.prepare(program, inputs, outputs);
    }

    private static void checkDevice(Backend backend, NDArray... arrays) {
        for (NDArray a : arrays) {
            if (a.backend() != backend) {
                throw new IllegalArgumentException("in place: the array to be written lives on " + backend.device()
                        + ", another one on " + a.device() + "; move it there with to(device)");
            }
        }
    }

    /**
     * Overwrites whole rows of an array: row numbers[i] of it becomes row i of another.
     *
     * @param to the array, row-major
     * @param numbers indices of its rows, int64, each at most once
     * @param rows the new rows, of the same dtype
     */
    public static void putRows(NDArray to, NDArray numbers, NDArray rows) {
        checkDevice(to.backend(), numbers, rows);
        to.backend().putRows(to, numbers, rows);
        bumpVersions(to);
    }

    /**
     * Copies an array into one on the same device: as memory, without a kernel, where both are row-major.
     *
     * @param from what is copied
     * @param to an array of the same shape and dtype, whose memory is another
     */
    public static void copy(NDArray from, NDArray to) {
        if (from.size() == 0 || !from.isContiguous() || !to.isContiguous()) {
            to.assign(from);
            return;
        }
        Context.current().queue(to.backend()).copy(to.span(0, to.size()), from.span(0, from.size()));
        bumpVersions(to);
    }

    /**
     * Copies an array into one on another device of the same type, in the order of the calling thread's queues of both
     * devices: nothing waits here, and what is written to either array from now on is written after the copy.
     *
     * @param from what is copied, row-major
     * @param to an array of the same shape and dtype, row-major
     */
    public static void copyAcross(NDArray from, NDArray to) {
        if (from.size() == 0) {
            return;
        }
        Queue source = Context.current().queue(from.backend());
        Queue target = Context.current().queue(to.backend());
        if (source.isCapturing() || target.isCapturing()) {
            throw new NotCapturableException("it copies from " + from.device() + " to " + to.device());
        }
        Handover.of(source).to(target);
        target.copy(to.span(0, to.size()), from.span(0, from.size()));
        Handover.of(target).to(source);
        from.storage().usedOn(source);
        bumpVersions(to);
    }

    /**
     * Counts a write.
     *
     * @param arrays the written arrays
     */
    public static void bumpVersions(NDArray... arrays) {
        for (NDArray a : arrays) {
            a.storage().bumpVersion();
        }
    }
}
