package io.kiln.opencl;

import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.NDArray;
import io.kiln.op.random.RandomBernoulli;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomNormal;
import io.kiln.op.random.RandomUniform;

/** Random numbers, in {@code random.cl}; devices without float64 have the composition make them on the host. */
final class RandomKernels {
    private static final int GROUP = 64;

    private final OpenClBackend backend;

    RandomKernels(OpenClBackend backend) {
        this.backend = backend;
    }

    /** Adds the kernels. */
    void contribute(KernelTable table) {
        if (!backend.openClDevice().hasDoubles()) {
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
        RandomGenerator.State draw = RandomGenerator.next();
        if (y.size() == 0) {
            return;
        }
        String macros = ComputeType.FLOAT.macros() + " -DKIND=" + kind + " -DTYPE="
                + y.dtype().ordinal();
        long[] p = {y.size(), Grid.start(y), draw.seed(), draw.draws()};
        backend.programs()
                .ofResource("random.cl", macros, "fill_random")
                .run(backend, backend.items((y.size() + 3) / 4), new long[] {GROUP}, y, p, new double[] {a, b});
    }
}
