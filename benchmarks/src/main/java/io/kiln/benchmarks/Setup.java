package io.kiln.benchmarks;

import java.nio.file.Path;

/**
 * What a contender is told before it builds anything.
 *
 * @param threads threads that it may compute with
 * @param instructions that it may use
 * @param scratch folder for files and logs of the contenders
 * @param before class path of another build of Kiln, for {@link Workload#BEFORE}; empty if there is none
 */
public record Setup(int threads, InstructionSet instructions, Path scratch, String before) {

    /** Whether contenders may use all that the processor has. */
    public boolean isNative() {
        return instructions == InstructionSet.NATIVE;
    }
}
