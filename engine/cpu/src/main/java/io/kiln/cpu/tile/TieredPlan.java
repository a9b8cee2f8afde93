package io.kiln.cpu.tile;

import io.kiln.ndarray.DType;
import io.kiln.pointwise.PointwiseProgram;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The plans of a program for one set of uniform inputs: interpreted at first, compiled once it has processed enough
 * elements to be worth a class.
 *
 * <p>Concurrency: thread-safe.
 */
final class TieredPlan {
    /** Limits the classes compiled for operands that are only sometimes 1 or infinite. */
    private static final int MAX_VARIANTS = 6;

    private final PointwiseProgram program;
    private final long uniformInputs;
    private final long worth;
    private final AtomicLong elements = new AtomicLong();
    private final TileStep[] perhapsIdle;
    private final Map<Variant, Optional<FusedPlan>> fused = new ConcurrentHashMap<>();

    /**
     * A compiled form of the program.
     *
     * @param type compute type
     * @param idle bit i is set when step i of those that may be idle is left out
     */
    private record Variant(DType type, long idle) {}

    /** The last request, which usually repeats. */
    private record Recent(DType type, long idle, FusedPlan plan) {}

    private volatile Recent recent;

    /** The interpreted plan. */
    final TilePlan tiles;

    /**
     * Plans a program.
     *
     * @param program the program
     * @param uniformInputs bit i is set when input i has one value for all elements
     * @param worth elements after which it is compiled; with 0 it is compiled and trusted at once
     */
    TieredPlan(PointwiseProgram program, long uniformInputs, long worth) {
        this.program = program;
        this.uniformInputs = uniformInputs;
        this.worth = worth;
        tiles = new TilePlan(program, uniformInputs);
        perhapsIdle = Arrays.stream(tiles.steps)
                .filter(s -> s.form() == TileStep.Form.LAST_UNIFORM && Lanes.mayChangeNothing(s.code()))
                .limit(Long.SIZE)
                .toArray(TileStep[]::new);
    }

    /**
     * The compiled plan for a run. Steps that change nothing in it (a clip at infinity, a factor of 1) are omitted.
     *
     * @param type compute type
     * @param size elements of this run
     * @param lanes lanes in which the preamble has run
     * @return the plan; null while the program is not worth compiling, and if nothing can be fused
     */
    FusedPlan fused(DType type, long size, Lanes lanes) {
        if (type == DType.INT64 || elements.get() < worth && elements.addAndGet(size) < worth) {
            return null;
        }
        long idle = 0;
        for (int i = 0; i < perhapsIdle.length; i++) {
            TileStep s = perhapsIdle[i];
            idle |= Lanes.changesNothing(s.code(), lanes.uniform(s.b())) ? 1L << i : 0;
        }
        Recent last = recent;
        if (last != null && last.type == type && last.idle == idle) {
            return last.plan;
        }
        Variant variant = new Variant(type, idle);
        Optional<FusedPlan> known = fused.get(variant);
        if (known == null) {
            known = fused.size() < MAX_VARIANTS ? compile(variant) : compile(new Variant(type, 0));
        }
        FusedPlan plan = known.orElse(null);
        recent = new Recent(type, idle, plan);
        return plan;
    }

    private Optional<FusedPlan> compile(Variant v) {
        return fused.computeIfAbsent(v, x -> {
            FusedPlan plan = FusedPlan.of(program, uniformInputs, v.type, s -> isIdle(s, v.idle));
            if (plan != null && worth == 0) {
                plan.trust();
            }
            return Optional.ofNullable(plan);
        });
    }

    private boolean isIdle(TileStep s, long idle) {
        for (int i = 0; i < perhapsIdle.length; i++) {
            if (perhapsIdle[i].b() == s.b() && perhapsIdle[i].code() == s.code()) {
                return (idle >>> i & 1) != 0;
            }
        }
        return false;
    }
}
