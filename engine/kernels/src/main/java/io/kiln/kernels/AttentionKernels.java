package io.kiln.kernels;

import io.kiln.backend.Backend;
import io.kiln.backend.KernelPlan;
import io.kiln.backend.Span;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.attention.FlashAttention;
import io.kiln.op.internal.FlashAttentionGradient;
import io.kiln.op.internal.FromResiduals;
import io.kiln.op.internal.Keeping;
import java.util.function.IntUnaryOperator;

/**
 * Attention whose weights are never in memory, in {@code attention.cl}, for float16, bfloat16, float32 and float64. It keeps the logarithm
 * of the sum of each row's exponentials, of which the gradient computes the weights again. Declined, and so composed of other operators:
 * keys and values with other leading axes than one another, more than four of them, arrays without elements, rows so long that tiles of
 * eight do not fit in local memory, and what the device would rather compose ({@link KernelDevice#attendsInTiles}).
 */
final class AttentionKernels {
    private static final String FILE = "attention.cl";
    private static final int GROUP = 64;
    private static final int SIDE = 8;
    private static final int LARGEST_TILE = 32;
    private static final long MOST_BATCHES = 1 << 15;

    private final Kernels kernels;

    AttentionKernels(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Adds the kernels. */
    void contribute(KernelTable table) {
        table.add(FlashAttention.class, (o, in, out) -> forward((FlashAttention) o, in, out));
        table.addResiduals(FlashAttention.class, this::residuals);
        table.add(
                Keeping.class,
                (o, in, out) -> ((Keeping) o).operator() instanceof FlashAttention f ? forward(f, in, out) : null);
        table.add(
                FromResiduals.class,
                (o, in, out) -> ((FromResiduals) o).gradient() instanceof FlashAttentionGradient g
                        ? backward(g.attention(), in, out)
                        : null);
    }

    private Spec[] residuals(Operator operator, Spec... in) {
        Shape y = operator.infer(in)[0].shape();
        return serves(y, in) ? new Spec[] {new Spec(y.without(-1), sums(in[0].dtype()))} : Backend.NO_RESIDUALS;
    }

    /** The dtype of the sums is that in which they are computed. */
    private static DType sums(DType dtype) {
        return ComputeType.of(dtype).dtype();
    }

    private boolean serves(Shape y, Spec... in) {
        Shape k = in[1].shape();
        Shape v = in[2].shape();
        for (Spec x : in) {
            if (x.shape().size() == 0) {
                return false;
            }
        }
        DType dtype = in[0].dtype();
        long weights = y.size() / Math.max(1, v.dim(-1)) * k.dim(-2);
        return ComputeType.of(dtype).isOn(kernels.device())
                && kernels.device().attendsInTiles(dtype, weights * dtype.bytes())
                && AttentionPlaces.areFew(y)
                && lead(k).equals(lead(v))
                && y.size() > 0
                && tileOfGradient(in[0], in[2]) > 0;
    }

    private static Shape lead(Shape x) {
        return x.without(-1).without(-1);
    }

    /** Rows of a tile with which a kernel has room in local memory; 0 for none. */
    private int tile(Spec q, IntUnaryOperator numbers) {
        int bytes = ComputeType.of(q.dtype()).dtype().bytes();
        for (int tile = LARGEST_TILE; tile >= SIDE; tile /= 2) {
            if ((long) bytes * numbers.applyAsInt(tile) <= kernels.device().localBytes()) {
                return tile;
            }
        }
        return 0;
    }

    private static int wide(long width) {
        return (int) Math.min(1 << 16, (width + SIDE - 1) / SIDE * SIDE) + 1;
    }

    private int tileOfGradient(Spec q, Spec v) {
        int e = wide(q.shape().dim(-1));
        int w = wide(v.shape().dim(-1));
        return tile(q, t -> 2 * t * (e + w + t + 1));
    }

    private int tileOfResult(Spec q, Spec v) {
        int e = wide(q.shape().dim(-1));
        int w = wide(v.shape().dim(-1));
        return tile(q, t -> t * (e + Math.max(e, w) + t + 1 + 2 * (SIDE + 1)));
    }

    private static Spec[] specs(int from, int to, Layout... layouts) {
        Spec[] specs = new Spec[to - from];
        for (int i = 0; i < specs.length; i++) {
            specs[i] = layouts[from + i].spec();
        }
        return specs;
    }

    private KernelPlan forward(FlashAttention o, Layout[] in, Spec... out) {
        Spec[] given = specs(0, in.length, in);
        if (!serves(out[0].shape(), given)) {
            return null;
        }
        boolean keeps = out.length > 1;
        int tile = tileOfResult(given[0], given[2]);
        String macros = macros(o, tile, given) + (keeps ? " -DKEEP" : "");
        Object scale = ComputeType.of(given[0].dtype()).numbers(o.scale());
        return KernelPlan.rowMajor((x, results, workspace) -> {
            NDArray mask = o.masked() ? x[3] : x[0];
            NDArray sums = keeps ? results[1] : results[0];
            AttentionPlaces places = new AttentionPlaces(o, x[0], x[1], out[0].shape(), out[0].shape());
            places.arrays(x[0], x[1], x[2], o.masked() ? mask : null).rows(AttentionPlaces.Y, results[0]);
            if (keeps) {
                places.vector(AttentionPlaces.SUMS, sums);
            }
            run(
                    "attention",
                    macros,
                    tile,
                    places,
                    places.queries(),
                    x[0],
                    x[1],
                    x[2],
                    mask,
                    results[0],
                    sums,
                    places.of(),
                    scale);
        });
    }

    private KernelPlan backward(FlashAttention o, Layout[] in, Spec... out) {
        // dy, q, k, v, the mask if there is one, y, the sums
        Spec[] given = specs(1, in.length - 2, in);
        Shape y = in[in.length - 2].shape();
        if (!serves(y, given) || in[0].dtype() != given[0].dtype()) {
            return null;
        }
        int tile = tileOfGradient(given[0], given[2]);
        String macros = macros(o, tile, given);
        Object scale = ComputeType.of(given[0].dtype()).numbers(o.scale());
        DType sumType = sums(given[0].dtype());
        long bytes = y.without(-1).size() * sumType.bytes();
        return new KernelPlan(null, bytes, (x, d, workspace) -> {
            Gradient g = new Gradient(o, x, y, workspace.offset() / sumType.bytes());
            AttentionPlaces all = g.places(x[1], x[2], y).rows(AttentionPlaces.ONE, x[x.length - 2]);
            kernels.programs()
                    .ofResource(FILE, macros + " -DKERNEL_attention_dots", "attention_dots")
                    .run(
                            kernels.items(bytes / sumType.bytes()),
                            new long[] {GROUP},
                            x[x.length - 2],
                            x[0],
                            workspace.storage(),
                            all.of());
            AttentionPlaces byQueries = g.places(x[1], x[2], x[1].shape()).rows(AttentionPlaces.ONE, d[0]);
            run(
                    "attention_queries",
                    macros,
                    tile,
                    byQueries,
                    byQueries.queries(),
                    g.arguments(workspace, byQueries, scale, d[0]));
            AttentionPlaces byKeys = g.places(x[1], x[2], x[2].shape())
                    .rows(AttentionPlaces.ONE, d[1])
                    .rows(AttentionPlaces.TWO, d[2]);
            run(
                    "attention_keys",
                    macros,
                    tile,
                    byKeys,
                    byKeys.keys(),
                    g.arguments(workspace, byKeys, scale, d[1], d[2]));
        });
    }

    /**
     * The arrays of a gradient.
     *
     * @param o the operator
     * @param x dy, q, k, v, the mask if there is one, y, the sums
     * @param y shape of y
     * @param dots number of the first element of the workspace
     */
    private record Gradient(FlashAttention o, NDArray[] x, Shape y, long dots) {
        /** With tiles of an array of some shape. */
        AttentionPlaces places(NDArray q, NDArray k, Shape owner) {
            return new AttentionPlaces(o, q, k, y, owner)
                    .arrays(q, k, x[3], o.masked() ? x[4] : null)
                    .rows(AttentionPlaces.Y, x[0])
                    .vector(AttentionPlaces.SUMS, x[x.length - 1])
                    .dense(AttentionPlaces.DOTS, dots);
        }

        Object[] arguments(Span workspace, AttentionPlaces places, Object scale, NDArray... results) {
            Object[] all = new Object[9 + results.length];
            all[0] = x[1];
            all[1] = x[2];
            all[2] = x[3];
            all[3] = o.masked() ? x[4] : x[1];
            all[4] = x[0];
            all[5] = x[x.length - 1];
            all[6] = workspace.storage();
            System.arraycopy(results, 0, all, 7, results.length);
            all[7 + results.length] = places.of();
            all[8 + results.length] = scale;
            return all;
        }
    }

    private void run(String kernel, String macros, int tile, AttentionPlaces places, long rows, Object... arguments) {
        long[] global = {(rows + tile - 1) / tile * GROUP, Math.min(places.batches(), MOST_BATCHES)};
        kernels.programs()
                .ofResource(FILE, macros + " -DKERNEL_" + kernel, kernel)
                .run(global, new long[] {GROUP, 1}, arguments);
    }

    private static String macros(FlashAttention o, int tile, Spec... in) {
        DType dtype = in[0].dtype();
        int mask = !o.masked() ? 0 : in[3].dtype() == DType.BOOL ? 1 : 2;
        return ComputeType.of(dtype).macros() + " -DTYPE=" + dtype.ordinal() + " -DSUM_TYPE="
                + ComputeType.of(dtype).dtype().ordinal() + " -DE="
                + in[0].shape().dim(-1) + " -DV="
                + in[2].shape().dim(-1) + " -DTILE=" + tile + " -DMASK=" + mask + " -DCAUSAL=" + (o.causal() ? 1 : 0);
    }
}
