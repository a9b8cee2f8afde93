package io.kiln.kernels;

import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.NDArray;
import io.kiln.op.random.RandomBernoulli;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomNormal;
import io.kiln.op.random.RandomUniform;

/** Random numbers, in {@code random.cl}; devices without float64 have the composition make them on the host. */
final class RandomKernels {
    private static final int GROUP = 64;

    private final Kernels kernels;

    RandomKernels(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Adds the kernels. */
    void contribute(KernelTable table) {
        if (!kernels.device().hasDoubles()) {
            return;
        }
        table.add(RandomUniform.class, (o, in, out) -> {
            RandomUniform u = (RandomUniform) o;
            return plan(0, u.low(), u.high());
        });
        table.add(RandomBernoulli.class, (o, in, out) -> plan(1, ((RandomBernoulli) o).p(), 0));
        table.add(RandomNormal.class, (o, in, out) -> {
            RandomNormal n = (RandomNormal) o;
            return plan(2, n.mean(), n.deviation());
        });
    }

    private KernelPlan plan(int kind, double a, double b) {
        return KernelPlan.rowMajor((in, out, workspace) -> fill(kind, out[0], a, b));
    }

    private void fill(int kind, NDArray y, double a, double b) {
        if (y.size() == 0) {
            RandomGenerator.next();
            return;
        }
        String macros = ComputeType.FLOAT.macros() + " -DKIND=" + kind + " -DTYPE="
                + y.dtype().ordinal();
        long size = y.size();
        long start = Grid.start(y);
        Changing p = () -> {
            RandomGenerator.State draw = RandomGenerator.next();
            return new long[] {size, start, draw.seed(), draw.draws()};
        };
        kernels.programs()
                .ofResource("random.cl", macros, "fill_random")
                .run(kernels.items((y.size() + 3) / 4), new long[] {GROUP}, y, p, new double[] {a, b});
    }
}
