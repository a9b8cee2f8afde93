package io.kiln.compile;

import io.kiln.compile.internal.FusedConvolution;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The places of the values of one call in its arena. Values whose lifetimes do not overlap share memory: the largest
 * are placed first, each into the smallest gap that fits. A fused pointwise program overwrites an input that is last
 * used there, a fused convolution the residual that it adds.
 *
 * <p>Y. Pisarchyk, J. Lee: Efficient Memory Management for Deep Neural Net Inference, 2020 (greedy by size).
 *
 * @param offsets for each slot in the arena, its first byte; -1 for others
 * @param workspaces for each instruction, the first byte of its kernel's workspace; -1 if there is none
 * @param bytes size of the arena
 * @param naiveBytes size of the values if none shared memory
 */
record MemoryPlan(long[] offsets, long[] workspaces, long bytes, long naiveBytes) {
    /** That of memory which CUDA allocates, which cuDNN may rely on, and no less than a vector or a cache line takes. */
    private static final long ALIGNMENT = 256;

    /** A block of memory: one value, or several that overwrite each other in place. */
    private static final class Block {
        final List<Integer> slots = new ArrayList<>();
        final long bytes;
        int first;
        int last;
        long offset = -1;

        Block(long bytes, int at) {
            this.bytes = bytes;
            first = at;
            last = at;
        }
    }

    static MemoryPlan of(LoweredProgram lowered) {
        return of(lowered, lowered.backward().isEmpty());
    }

    /** A plan in which fused convolutions do not overwrite their residuals. */
    static MemoryPlan apart(LoweredProgram lowered) {
        return of(lowered, false);
    }

    private static MemoryPlan of(LoweredProgram lowered, boolean overResiduals) {
        Slot[] slots = lowered.slots();
        Instruction[] steps = lowered.instructions();
        Block[] blocks = new Block[slots.length];
        Block[] workspaces = new Block[steps.length];
        List<Block> all = new ArrayList<>();
        int[] lastUse = lastUses(lowered, steps);
        long naive = 0;
        for (int i = 0; i < steps.length; i++) {
            int at = position(lowered, i);
            boolean[] reused = new boolean[steps[i].inputs().length];
            for (int out : steps[i].outputs()) {
                if (slots[out].kind() != Slot.Kind.ARENA) {
                    continue;
                }
                naive += rounded(slots[out].bytes());
                boolean over = overResiduals || steps[i].operator() instanceof FusedPointwise;
                Block block = over ? inPlace(lowered, steps[i], at, out, lastUse, blocks, reused) : null;
                if (block == null) {
                    block = new Block(rounded(slots[out].bytes()), at);
                    all.add(block);
                }
                block.slots.add(out);
                block.last = Math.max(at, lastUse[out]);
                blocks[out] = block;
            }
            if (steps[i].workspaceBytes() > 0) {
                workspaces[i] = new Block(rounded(steps[i].workspaceBytes()), at);
                all.add(workspaces[i]);
                naive += workspaces[i].bytes;
            }
        }
        long bytes = place(all);
        long[] offsets = new long[slots.length];
        Arrays.fill(offsets, -1);
        for (Block b : all) {
            b.slots.forEach(s -> offsets[s] = b.offset);
        }
        long[] starts = Arrays.stream(workspaces)
                .mapToLong(b -> b == null ? -1 : b.offset)
                .toArray();
        return new MemoryPlan(offsets, starts, bytes, naive);
    }

    /** Updates take place between the forward and the backward steps. */
    private static int position(LoweredProgram lowered, int step) {
        return step < lowered.forward().size() ? step : step + 1;
    }

    private static int[] lastUses(LoweredProgram lowered, Instruction... steps) {
        int[] last = new int[lowered.slots().length];
        for (int i = 0; i < steps.length; i++) {
            for (int in : steps[i].inputs()) {
                last[lowered.slots()[in].root()] = position(lowered, i);
            }
        }
        for (LoweredProgram.Update u : lowered.updates()) {
            int root = lowered.slots()[u.slot()].root();
            last[root] = Math.max(last[root], lowered.forward().size());
        }
        return last;
    }

    private static Block inPlace(
            LoweredProgram lowered,
            Instruction step,
            int at,
            int out,
            int[] lastUse,
            Block[] blocks,
            boolean... reused) {
        boolean any = step.operator() instanceof FusedPointwise;
        boolean last = step.operator() instanceof FusedConvolution f && f.residual();
        Slot y = lowered.slots()[out];
        for (int k = any ? 0 : last ? reused.length - 1 : reused.length; k < reused.length; k++) {
            Slot x = lowered.slots()[step.inputs()[k]];
            Block b = blocks[x.root()];
            boolean alike = x.spec().equals(y.spec()) && Arrays.equals(x.strides(), y.strides());
            if (b != null
                    && !reused[k]
                    && alike
                    && x.start() == 0
                    && lastUse[x.root()] == at
                    && b.bytes == rounded(y.bytes())
                    && isOnlyInput(lowered, step, k, blocks)) {
                reused[k] = true;
                return b;
            }
        }
        return null;
    }

    private static boolean isOnlyInput(LoweredProgram lowered, Instruction step, int which, Block... blocks) {
        Block b = blocks[lowered.slots()[step.inputs()[which]].root()];
        for (int k = 0; k < step.inputs().length; k++) {
            if (k != which && blocks[lowered.slots()[step.inputs()[k]].root()] == b) {
                return false;
            }
        }
        return true;
    }

    private static long place(List<Block> blocks) {
        List<Block> order = new ArrayList<>(blocks);
        order.sort(Comparator.comparingLong((Block b) -> -b.bytes).thenComparingInt(b -> b.first));
        List<Block> placed = new ArrayList<>(); // by offset
        long total = 0;
        for (Block b : order) {
            long best = -1;
            long bestGap = Long.MAX_VALUE;
            long end = 0;
            for (Block p : placed) {
                if (p.last < b.first || p.first > b.last) {
                    continue;
                }
                long gap = p.offset - end;
                if (gap >= b.bytes && gap < bestGap) {
                    best = end;
                    bestGap = gap;
                }
                end = Math.max(end, p.offset + p.bytes);
            }
            b.offset = best >= 0 ? best : end;
            total = Math.max(total, b.offset + b.bytes);
            placed.add(above(placed, b.offset), b);
        }
        return total;
    }

    /** The index of the first block that begins above an offset. */
    private static int above(List<Block> placed, long offset) {
        int low = 0;
        int high = placed.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (placed.get(middle).offset <= offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static long rounded(long bytes) {
        return (Math.max(bytes, 1) + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
