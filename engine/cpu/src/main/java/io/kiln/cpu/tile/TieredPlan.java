package io.kiln.cpu.tile;

import io.kiln.ndarray.DType;
import io.kiln.pointwise.PointwiseProgram;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The plans of a program for one set of uniform inputs: interpreted at first, compiled once it has run over enough elements
 * to be worth a class.
 *
 * <p>Concurrency: thread-safe.
 */
final class TieredPlan {
    private final PointwiseProgram program;
    private final long uniformInputs;
    private final long worth;
    private final AtomicLong elements = new AtomicLong();
    private final Map<DType, Optional<FusedPlan>> fused = new ConcurrentHashMap<>();

    /** The plan that is interpreted. */
    final TilePlan tiles;

    /**
     * Plans a program.
     *
     * @param program the program
     * @param uniformInputs bit i is set when input i has one value for all elements
     * @param worth elements after which it is compiled
     */
    TieredPlan(PointwiseProgram program, long uniformInputs, long worth) {
        this.program = program;
        this.uniformInputs = uniformInputs;
        this.worth = worth;
        tiles = new TilePlan(program, uniformInputs);
    }

    /**
     * The compiled plan for a run.
     *
     * @param type compute type
     * @param size elements of this run
     * @return the plan; null while the program is not worth it, and where nothing can be fused
     */
    FusedPlan fused(DType type, long size) {
        if (type == DType.INT64 || elements.get() < worth && elements.addAndGet(size) < worth) {
            return null;
        }
        return fused.computeIfAbsent(type, t -> Optional.ofNullable(FusedPlan.of(program, uniformInputs, t)))
                .orElse(null);
    }
}
