package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.compile.internal.FusedConvolution;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where values lie, and that none is overwritten before its last use. */
class MemoryPlanTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static LoweredProgram code(Program p) {
        return Lowering.lower(p, new Plans(Backends.current()), p.graph().parameters());
    }

    @Test
    void memoryIsSharedAndWrittenInPlace() {
        Program p = Programs.of(x -> {
            NDArray y = x;
            for (int i = 0; i < 6; i++) {
                y = y.softmax(1);
            }
            return y.sum();
        });
        MemoryPlan plan = MemoryPlan.of(code(p));
        assertEquals(2 * 256, plan.bytes());
        assertEquals(6 * 256, plan.naiveBytes());
    }

    @Test
    void aFusedProgramWritesOverAnInputThatEndsWithIt() {
        Program p = Programs.of(x -> x.softmax(1).exp().neg().softmax(0).sum());
        Program fused = Programs.run(new FusePointwise(Programs.target()), p);
        assertEquals(2 * 256, MemoryPlan.of(code(fused)).bytes());
        LoweredProgram lowered = code(fused);
        MemoryPlan plan = MemoryPlan.of(lowered);
        for (Instruction s : lowered.instructions()) {
            if (s.operator() instanceof FusedPointwise) {
                assertEquals(plan.offsets()[s.inputs()[0]], plan.offsets()[s.outputs()[0]]);
            }
        }
    }

    /** Runs the steps on a map of memory: who wrote each cell last. */
    private static void assertNothingIsOverwritten(String what, LoweredProgram lowered) {
        MemoryPlan plan = MemoryPlan.of(lowered);
        int[] owner = new int[Math.toIntExact(plan.bytes() / 256)];
        Arrays.fill(owner, -1);
        Instruction[] steps = lowered.instructions();
        for (int i = 0; i < steps.length; i++) {
            if (i == lowered.forward().size()) {
                updates(what, lowered, plan, owner);
            }
            Instruction step = steps[i];
            for (int in : step.inputs()) {
                assertOwned(what + ": " + step.name() + " reads", lowered, plan, owner, in);
            }
            for (int out : step.outputs()) {
                int root = lowered.slots()[out].root();
                if (plan.offsets()[root] < 0 || root != out) {
                    continue;
                }
                boolean inPlace =
                        step.operator() instanceof FusedPointwise || step.operator() instanceof FusedConvolution;
                for (int in : step.inputs()) {
                    assertTrue(
                            inPlace || !overlap(lowered, plan, lowered.slots()[in].root(), out),
                            what + ": " + step.name() + " writes over its input");
                }
                for (int other : step.outputs()) {
                    assertTrue(
                            other == out || !overlap(lowered, plan, other, out),
                            what + ": two results of " + step.name() + " lie on each other");
                }
                Arrays.fill(owner, cell(plan.offsets()[out]), end(lowered, plan, out), out);
            }
        }
        if (lowered.backward().isEmpty()) {
            updates(what, lowered, plan, owner);
        }
    }

    private static void updates(String what, LoweredProgram lowered, MemoryPlan plan, int... owner) {
        for (LoweredProgram.Update u : lowered.updates()) {
            assertOwned(what + ": an update reads", lowered, plan, owner, u.slot());
        }
    }

    private static void assertOwned(String what, LoweredProgram lowered, MemoryPlan plan, int[] owner, int slot) {
        int root = lowered.slots()[slot].root();
        if (plan.offsets()[root] >= 0) {
            for (int c = cell(plan.offsets()[root]); c < end(lowered, plan, root); c++) {
                assertEquals(root, owner[c], what + " slot " + slot);
            }
        }
    }

    private static boolean overlap(LoweredProgram lowered, MemoryPlan plan, int a, int b) {
        return plan.offsets()[a] >= 0
                && plan.offsets()[b] >= 0
                && cell(plan.offsets()[a]) < end(lowered, plan, b)
                && cell(plan.offsets()[b]) < end(lowered, plan, a);
    }

    private static int cell(long offset) {
        assertEquals(0, offset % 256, "alignment");
        return (int) (offset / 256);
    }

    private static int end(LoweredProgram lowered, MemoryPlan plan, int slot) {
        return cell(plan.offsets()[slot]) + (int) ((Math.max(lowered.slots()[slot].bytes(), 1) + 255) / 256);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void noValueOfARandomNetworkIsOverwrittenBeforeItsLastUse(boolean training) {
        long shared = 0;
        long naive = 0;
        for (long seed = 0; seed < 150; seed++) {
            try (Scope own = Scope.open();
                    Autograd.Mode mode = Autograd.pauseInMode(training)) {
                Program p = Programs.random(seed, training);
                p = training ? Programs.differentiated(p) : p;
                for (Pass pass : List.of(
                        new Decompose(new Plans(Backends.current())),
                        new Simplify(),
                        new CommonSubexpressions(),
                        new DeadNodes(),
                        new FuseConvolution(Programs.target()),
                        new FusePostOps(Target.of(Backends.current())),
                        new FusePointwise(Programs.target()),
                        new DeadNodes())) {
                    p = pass.run(p);
                }
                LoweredProgram lowered = code(p);
                assertNothingIsOverwritten("seed " + seed, lowered);
                shared += MemoryPlan.of(lowered).bytes();
                naive += MemoryPlan.of(lowered).naiveBytes();
            }
        }
        assertTrue(shared < 0.7 * naive, shared + " of " + naive + " bytes");
    }
}
