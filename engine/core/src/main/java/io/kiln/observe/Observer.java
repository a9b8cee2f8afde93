package io.kiln.observe;

import io.kiln.ndarray.NDArray;

/**
 * Observes the work of every thread that has an {@link Observation} of it open. Its own computations are neither
 * observed nor recorded. Its exceptions reach the caller of the operator.
 *
 * <p>Concurrency: called by each observed thread; an observer of several threads synchronizes itself.
 */
public interface Observer {
    /**
     * An operator has run.
     *
     * @param call the call; its arrays are valid during this method only
     */
    default void ran(Call call) {}

    /**
     * A block has finished its forward pass.
     *
     * @param place the block's place in the network, such as {@code layer1.0.conv1}; empty for the outermost block
     * @param outputs its outputs, valid during this method only
     */
    default void finished(String place, NDArray... outputs) {}

    /**
     * A hybridized block or a training step has compiled a program for new shapes of its inputs. Many such calls in a
     * run mean that shapes keep changing.
     *
     * @param place the block's place in the network; empty for the outermost block
     * @param nanos duration of the compilation
     * @param kept number of programs it keeps now
     */
    default void compiled(String place, long nanos, int kept) {}

    /**
     * A named piece of work has ended, such as an optimizer's update.
     *
     * @param name its name
     * @param start {@link System#nanoTime} at its start
     * @param nanos its duration
     */
    default void span(String name, long start, long nanos) {}
}
