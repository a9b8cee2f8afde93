package io.kiln.cpu.tile;

import io.kiln.ndarray.DType;
import io.kiln.pointwise.Code;
import io.kiln.pointwise.PointwiseProgram;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * A program whose plain arithmetic runs in generated loops. Steps are ordered so that as many as possible share a loop,
 * where intermediate values stay in registers; steps that access bits or call functions run in between, in their own
 * loops. The results equal those of a {@link TilePlan}, bit for bit.
 *
 * <p>The JVM takes a while to compile a loop, and until then it is much slower than the interpreted steps, which were
 * compiled long ago. So a new plan is tried on a tile now and then, in comparison with these steps, and takes over when
 * it is faster.
 *
 * <p>Concurrency: thread-safe.
 */
final class FusedPlan {
    /** Maximum number of steps in one loop, beyond which HotSpot may not vectorise it. */
    private static final int MAX_STEPS = 40;

    private static final int TILES_BETWEEN_TRIALS = 32;
    private static final int WINS_TO_TAKE_OVER = 3;

    private final int[] lastUse;
    private final int[] tile;
    private final BitSet outputValues = new BitSet();
    private final BitSet busy = new BitSet();
    private final List<Stage> list = new ArrayList<>();
    private final DType type;
    private final AtomicInteger tilesSeen = new AtomicInteger();
    private final AtomicInteger wins = new AtomicInteger();
    private volatile boolean trusted;

    /** To be run for each tile, after the preamble of the {@link TilePlan}. */
    final Stage[] stages;
    /** For each output, the tile that holds it after the stages. */
    final int[] outputs;
    /** The number of tiles. */
    final int tiles;

    private FusedPlan(List<TileStep> steps, int[] outputs, DType type) {
        this.type = type;
        List<List<TileStep>> groups = groups(steps);
        int values = 1 + steps.stream().mapToInt(TileStep::target).max().orElse(0);
        TileStep[] loads = new TileStep[values];
        lastUse = new int[values];
        tile = new int[values];
        Arrays.fill(tile, -1);
        for (TileStep s : steps) {
            if (s.code() == Code.INPUT) {
                loads[s.target()] = s;
            }
        }
        for (int g = 0; g < groups.size(); g++) {
            int stage = g;
            groups.get(g).forEach(s -> operands(s).forEach(v -> lastUse[v] = stage));
        }
        for (int v : outputs) {
            outputValues.set(v);
            lastUse[v] = Integer.MAX_VALUE;
        }
        for (int g = 0; g < groups.size(); g++) {
            for (TileStep s : groups.get(g)) {
                operands(s).forEach(v -> load(loads, v));
            }
            emit(g, groups.get(g));
        }
        outputValues.stream().forEach(v -> load(loads, v));
        this.outputs = Arrays.stream(outputs).map(v -> tile[v]).toArray();
        stages = list.toArray(new Stage[0]);
        tiles = 1 + Arrays.stream(tile).max().orElse(0);
    }

    /**
     * Plans a program.
     *
     * @param program the program
     * @param uniformInputs bit i is set when input i has one value for all elements
     * @param type compute type, float32 or float64
     * @param idle whether a step with a uniform as its last operand returns its first operand and is to be omitted
     * @return the plan, or null if no two steps can share a loop
     */
    static FusedPlan of(PointwiseProgram program, long uniformInputs, DType type, Predicate<TileStep> idle) {
        TilePlan plan = new TilePlan(program, uniformInputs, false);
        int[] same = IntStream.range(0, plan.steps.length).toArray();
        List<TileStep> steps = new ArrayList<>();
        for (TileStep s : plan.steps) {
            if (s.form() == TileStep.Form.LAST_UNIFORM && idle.test(s)) {
                same[s.target()] = same[s.a()];
            } else {
                steps.add(s.renamed(v -> same[v]));
            }
        }
        int[] outputs = Arrays.stream(plan.outputs).map(v -> same[v]).toArray();
        FusedPlan fused = new FusedPlan(steps, outputs, type);
        return Arrays.stream(fused.stages).anyMatch(s -> s.loop() != null) ? fused : null;
    }

    /** Whether it has taken over from the interpreted steps. */
    boolean isTrusted() {
        return trusted;
    }

    /** Takes over from now on. */
    void trust() {
        trusted = true;
    }

    /** Whether the next tile is to be computed both ways, for comparison. */
    boolean isTrial() {
        return tilesSeen.getAndIncrement() % TILES_BETWEEN_TRIALS == 0;
    }

    /**
     * Reports the result of a trial.
     *
     * @param generated nanoseconds that the generated loops took
     * @param interpreted nanoseconds that the interpreted steps took
     */
    void compared(long generated, long interpreted) {
        if (generated >= interpreted) {
            wins.set(0);
        } else if (wins.incrementAndGet() >= WINS_TO_TAKE_OVER) {
            trusted = true;
        }
    }

    /**
     * Groups of steps: each contains steps that can be computed from the groups before it, or one step with its own
     * loop.
     */
    private static List<List<TileStep>> groups(List<TileStep> steps) {
        BitSet known = new BitSet();
        List<TileStep> pending = new ArrayList<>();
        for (TileStep s : steps) {
            if (s.code() == Code.INPUT) {
                known.set(s.target());
            } else {
                pending.add(s);
            }
        }
        List<List<TileStep>> groups = new ArrayList<>();
        while (!pending.isEmpty()) {
            List<TileStep> group = new ArrayList<>();
            for (TileStep s : pending) {
                if (LoopCompiler.takes(s) && group.size() < MAX_STEPS && isReady(s, known)) {
                    group.add(s);
                    known.set(s.target());
                }
            }
            if (group.isEmpty()) {
                for (TileStep s : pending) {
                    if (!LoopCompiler.takes(s) && isReady(s, known)) {
                        group.add(s);
                    }
                }
                group.forEach(s -> known.set(s.target()));
                group.forEach(s -> groups.add(List.of(s)));
            } else {
                groups.add(group);
            }
            pending.removeAll(group);
        }
        return groups;
    }

    private static boolean isReady(TileStep s, BitSet known) {
        return operands(s).stream().allMatch(known::get);
    }

    /** The tiles that a step reads. */
    private static List<Integer> operands(TileStep s) {
        List<Integer> list = new ArrayList<>(3);
        for (int i = 0; i < 3; i++) {
            if (s.code() != Code.INPUT && s.readsTile(i)) {
                list.add(s.operand(i));
            }
        }
        return list;
    }

    private void load(TileStep[] loads, int value) {
        if (tile[value] < 0 && loads[value] != null) {
            take(value);
            list.add(new Stage(loads[value].renamed(v -> tile[v]), null));
        }
    }

    private void emit(int stage, List<TileStep> group) {
        BitSet inside = new BitSet();
        BitSet read = new BitSet();
        for (TileStep s : group) {
            operands(s).stream().filter(v -> !inside.get(v)).forEach(read::set);
            inside.set(s.target());
        }
        read.stream().filter(v -> lastUse[v] == stage).forEach(v -> busy.clear(tile[v]));
        BitSet written = new BitSet();
        inside.stream().filter(v -> lastUse[v] > stage).forEach(written::set);
        written.stream().forEach(this::take);
        if (group.size() == 1) {
            list.add(new Stage(group.get(0).renamed(v -> tile[v]), null));
        } else {
            list.add(new Stage(null, LoopCompiler.compile(type, group, read, written, tile)));
        }
    }

    private void take(int value) {
        tile[value] = busy.nextClearBit(0);
        busy.set(tile[value]);
    }
}
