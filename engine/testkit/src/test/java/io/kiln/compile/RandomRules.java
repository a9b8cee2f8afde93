package io.kiln.compile;

import io.kiln.compile.RandomNetwork.Growth;
import io.kiln.compile.RandomNetwork.Rule;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.Activation;
import io.kiln.op.activation.HardSwish;
import io.kiln.op.activation.Softsign;
import io.kiln.op.attention.Attention;
import io.kiln.op.index.Indexing;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.math.Comparison;
import io.kiln.op.math.Elementwise;
import io.kiln.op.math.Hypot;
import io.kiln.op.math.LogAddExp;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.DropoutOp;
import io.kiln.op.nn.Neural;
import io.kiln.op.nn.Normalisation;
import io.kiln.op.nn.SmoothL1;
import io.kiln.op.reduce.Reductions;
import io.kiln.op.shape.Movement;
import io.kiln.op.shape.PadMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.BinaryOperator;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** The rules of {@link RandomNetwork}. They keep values near 1 and away from where functions have no derivative. */
final class RandomRules {
    private static final List<UnaryOperator<NDArray>> UNARY = List.of(
            NDArray::relu,
            NDArray::tanh,
            NDArray::sigmoid,
            NDArray::neg,
            NDArray::copy,
            a -> a.square().mul(0.3),
            a -> a.abs().add(0.1).sqrt(),
            a -> a.tanh().exp(),
            a -> Elementwise.log1p(a.abs()),
            a -> a.mul(1).add(0.2),
            a -> Elementwise.gelu(a, true),
            a -> Elementwise.gelu(a, false),
            Elementwise::silu,
            Elementwise::softplus,
            Elementwise::sin,
            Elementwise::erf,
            a -> Elementwise.elu(a, 0.7),
            a -> Elementwise.leakyRelu(a, 0.1),
            a -> Elementwise.clip(a, -0.9, 1.1),
            a -> Elementwise.reciprocal(a.square().add(1)),
            a -> Elementwise.sub(0.5, a),
            a -> Elementwise.pow(a.abs().add(0.5), 1.5).mul(0.5),
            a -> Dispatch.one(new HardSwish(), a),
            a -> Dispatch.one(new Softsign(), a),
            a -> Dispatch.one(new SmoothL1(0.8), a));

    private static final List<BinaryOperator<NDArray>> BINARY = List.of(
            NDArray::add,
            NDArray::sub,
            (a, b) -> a.mul(b).tanh(),
            (a, b) -> a.mul(b.sigmoid()),
            (a, b) -> a.div(b.square().add(1)),
            Elementwise::maximum,
            Elementwise::minimum,
            (a, b) -> Elementwise.where(a.gt(b), a, b.mul(1)),
            (a, b) -> Dispatch.one(new LogAddExp(), a, b),
            (a, b) -> Dispatch.one(new Hypot(), a.add(3), b.add(3)).mul(0.3));

    private static final BatchNormOp BATCH_NORM = new BatchNormOp(0.1, 0.9);

    /** All rules; pointwise ones stand more than once. */
    static final List<Rule> ALL = List.of(
            RandomRules::unary,
            RandomRules::unary,
            RandomRules::unary,
            RandomRules::unary,
            RandomRules::binary,
            RandomRules::binary,
            RandomRules::binary,
            RandomRules::binary,
            RandomRules::compare,
            RandomRules::cast,
            RandomRules::reduce,
            RandomRules::reduce,
            RandomRules::alongAxis,
            RandomRules::transpose,
            RandomRules::reshape,
            RandomRules::slice,
            RandomRules::parts,
            RandomRules::join,
            RandomRules::arrange,
            RandomRules::pad,
            RandomRules::broadcast,
            RandomRules::gather,
            RandomRules::embed,
            RandomRules::linear,
            RandomRules::product,
            RandomRules::gram,
            RandomRules::convolution,
            RandomRules::pool,
            RandomRules::norm,
            RandomRules::channelNorm,
            RandomRules::attention,
            RandomRules::dropout);

    private RandomRules() {}

    private static Supplier<NDArray[]> one(Supplier<NDArray> call) {
        return () -> new NDArray[] {call.get()};
    }

    private static Supplier<NDArray[]> unary(Growth g) {
        UnaryOperator<NDArray> f = UNARY.get(g.below(UNARY.size()));
        NDArray a = g.any();
        return one(() -> f.apply(a));
    }

    private static Supplier<NDArray[]> binary(Growth g) {
        BinaryOperator<NDArray> f = BINARY.get(g.below(BINARY.size()));
        NDArray a = g.any();
        NDArray b = g.any(v -> broadcasts(a.shape(), v.shape()));
        return one(() -> f.apply(a, b));
    }

    private static boolean broadcasts(Shape a, Shape b) {
        for (int i = 1; i <= Math.min(a.rank(), b.rank()); i++) {
            long x = a.dim(-i);
            long y = b.dim(-i);
            if (x != y && x != 1 && y != 1) {
                return false;
            }
        }
        return true;
    }

    private static Supplier<NDArray[]> compare(Growth g) {
        NDArray a = g.any();
        Comparison how = g.oneOf(Comparison.GT, Comparison.LE);
        // Both sides meet where the branch changes.
        return one(() -> Elementwise.where(
                Elementwise.compare(a, how, 0), a.mul(0.5), a.tanh().mul(0.5)));
    }

    private static Supplier<NDArray[]> cast(Growth g) {
        NDArray a = g.any();
        DType other = g.type() == DType.FLOAT32 ? DType.FLOAT64 : DType.FLOAT32;
        return g.oneOf(
                one(() -> Elementwise.sin(a.cast(other)).cast(g.type())),
                one(() ->
                        Elementwise.compare(a, Comparison.GT, 0).cast(g.type()).mul(a)),
                one(() -> a.cast(g.type()).cast(g.type())));
    }

    private static Supplier<NDArray[]> reduce(Growth g) {
        NDArray a = g.ofRank(1);
        if (a == null) {
            return null;
        }
        boolean keep = g.below(2) == 0;
        int[] axes = g.below(3) == 0 ? new int[0] : new int[] {g.axis(a)};
        double scale = 1 / Math.sqrt(a.size());
        return g.oneOf(
                one(() -> Reductions.sum(a, keep, axes).mul(scale)),
                one(() -> Reductions.mean(a, keep, axes)),
                one(() -> Reductions.max(a, keep, axes)),
                one(() -> Reductions.min(a, keep, axes)),
                one(() -> Reductions.logSumExp(a, keep, axes)),
                one(() -> Reductions.norm(a.square().add(0.1), 2, keep, axes).mul(scale)),
                one(() -> Reductions.variance(a, 0, keep, axes).tanh()),
                one(() -> Reductions.prod(a.sigmoid().add(0.5), keep, axes).tanh()));
    }

    private static Supplier<NDArray[]> alongAxis(Growth g) {
        NDArray a = g.ofRank(1);
        if (a == null) {
            return null;
        }
        int axis = g.axis(a);
        return g.oneOf(
                one(() -> a.softmax(axis)),
                one(() -> a.logSoftmax(axis).mul(0.3)),
                one(() -> Reductions.cumsum(a, axis).mul(0.4)),
                one(() -> Reductions.argMax(a, axis).cast(g.type()).mul(0).add(a.mean())));
    }

    private static Supplier<NDArray[]> transpose(Growth g) {
        NDArray a = g.ofRank(2);
        if (a == null) {
            return null;
        }
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < a.shape().rank(); i++) {
            order.add(i);
        }
        Collections.shuffle(order, new Random(g.below(1000)));
        int[] axes = order.stream().mapToInt(i -> i).toArray();
        return one(() -> a.transpose(axes));
    }

    private static Supplier<NDArray[]> reshape(Growth g) {
        NDArray a = g.any();
        int rank = a.shape().rank();
        return g.oneOf(
                one(() -> a.reshape(-1)),
                one(() -> a.reshape(-1, 1).reshape(a.shape())),
                one(() -> a.reshape(1, -1).reshape(-1)),
                one(() -> a.expandDims(-1)),
                one(() -> rank > 1 ? a.flatten(rank - 2) : a.expandDims(0)),
                one(() -> rank > 0 && a.shape().dim(0) == 1
                        ? a.squeeze(0)
                        : a.expandDims(0).squeeze(0)));
    }

    private static Supplier<NDArray[]> slice(Growth g) {
        NDArray a = g.ofRank(1);
        if (a == null) {
            return null;
        }
        int axis = g.axis(a);
        int n = (int) a.shape().dim(axis);
        int start = g.below(n);
        int stop = start + 1 + g.below(n - start);
        int step = 1 + g.below(2);
        return one(() -> a.slice(axis, start, stop, step));
    }

    private static Supplier<NDArray[]> parts(Growth g) {
        NDArray a = g.any(
                v -> v.shape().rank() > 0 && Arrays.stream(v.shape().dims()).anyMatch(d -> d % 2 == 0));
        if (a == null) {
            return null;
        }
        int axis = 0;
        while (a.shape().dim(axis) % 2 != 0) {
            axis++;
        }
        int along = axis;
        return () -> Movement.split(a, 2, along).toArray(NDArray[]::new);
    }

    private static Supplier<NDArray[]> join(Growth g) {
        NDArray a = g.ofRank(1);
        if (a == null) {
            return null;
        }
        int axis = g.axis(a);
        NDArray b = g.any(v -> v.shape().rank() == a.shape().rank() && joins(a.shape(), v.shape(), axis));
        NDArray c = g.any(v -> v.shape().equals(a.shape()));
        return g.oneOf(
                one(() -> Movement.concat(axis, a, b)),
                one(() -> Movement.concat(axis, a, b, a.mul(0.5))),
                one(() -> Movement.stack(axis, a, c)));
    }

    private static boolean joins(Shape a, Shape b, int axis) {
        for (int i = 0; i < a.rank(); i++) {
            if (i != axis && a.dim(i) != b.dim(i)) {
                return false;
            }
        }
        return true;
    }

    private static Supplier<NDArray[]> arrange(Growth g) {
        NDArray a = g.ofRank(2);
        if (a == null) {
            return null;
        }
        int axis = g.axis(a);
        long[] repeats = new long[a.shape().rank()];
        Arrays.fill(repeats, 1);
        repeats[axis] = 2;
        return g.oneOf(
                one(() -> Movement.flip(a, axis)),
                one(() -> Movement.roll(a, 1, axis)),
                one(() -> Movement.repeat(a, 2, axis)),
                one(() -> Movement.tile(a, repeats)),
                one(() -> Movement.tril(a, 0)),
                one(() -> Movement.triu(a, 1)));
    }

    private static Supplier<NDArray[]> pad(Growth g) {
        NDArray a = g.ofRank(1);
        if (a == null) {
            return null;
        }
        long[] before = new long[a.shape().rank()];
        long[] after = new long[a.shape().rank()];
        before[g.below(before.length)] = g.below(2);
        after[g.below(after.length)] = 1;
        return g.oneOf(
                one(() -> Movement.pad(a, before, after, 0.3)),
                one(() -> Movement.pad(a, before, after, PadMode.EDGE)));
    }

    private static Supplier<NDArray[]> broadcast(Growth g) {
        NDArray a = g.any(v -> v.size() <= 36);
        return a == null
                ? null
                : one(() -> {
                    long[] dims = a.expandDims(0).shape().dims();
                    dims[0] = 3;
                    return a.broadcastTo(Shape.of(dims));
                });
    }

    private static Supplier<NDArray[]> gather(Growth g) {
        NDArray a = g.ofRank(1);
        if (a == null) {
            return null;
        }
        int axis = g.axis(a);
        int n = (int) a.shape().dim(axis);
        int i = g.below(n);
        int j = g.below(n);
        return one(() -> Indexing.gather(a, NDArray.of(Shape.of(3), (long) i, (long) j, (long) i), axis));
    }

    private static Supplier<NDArray[]> embed(Growth g) {
        long i = g.below(8);
        return one(() -> Neural.embedding(NDArray.of(Shape.of(2, 2), i, 3L, 0L, i), g.weight("table")));
    }

    private static NDArray rows(Growth g) {
        return g.any(v -> v.shape().rank() > 0 && v.shape().dim(-1) == 6);
    }

    private static Supplier<NDArray[]> linear(Growth g) {
        NDArray a = rows(g);
        Activation activation = Activation.values()[g.below(4)];
        boolean bias = g.below(2) == 0;
        return a == null
                ? null
                : one(() -> Neural.linear(a, g.weight("square"), bias ? g.weight("bias") : null, activation));
    }

    private static Supplier<NDArray[]> product(Growth g) {
        NDArray a = g.any(v -> v.shape().rank() > 1 && v.shape().dim(-1) == 6);
        return a == null
                ? null
                : g.oneOf(
                        one(() -> a.matmul(g.weight("square"))),
                        one(() -> Linalg.einsum("...i,ji->...j", a, g.weight("square"))));
    }

    private static Supplier<NDArray[]> gram(Growth g) {
        NDArray a = g.ofRank(2);
        return a == null
                ? null
                : one(() -> a.matmul(Linalg.matrixTranspose(a))
                        .mul(1.0 / a.shape().dim(-1))
                        .tanh());
    }

    private static NDArray image(Growth g) {
        return g.any(v -> v.shape().rank() == 4
                && v.shape().dim(1) == 4
                && v.shape().dim(2) > 1
                && v.shape().dim(3) > 1);
    }

    private static Supplier<NDArray[]> convolution(Growth g) {
        NDArray a = image(g);
        Activation activation = g.oneOf(Activation.NONE, Activation.RELU);
        long stride = 1 + g.below(2);
        NDArray bias = g.below(2) == 0 ? g.weight("beta") : null;
        Convolution op = new Convolution(List.of(stride, stride), List.of(1L, 1L), List.of(1L, 1L), 1, activation);
        return a == null ? null : one(() -> Neural.convolution(op, a, g.weight("kernel"), bias));
    }

    private static Supplier<NDArray[]> pool(Growth g) {
        NDArray a = image(g);
        if (a == null) {
            return null;
        }
        List<Long> two = List.of(2L, 2L);
        List<Long> none = List.of(0L, 0L);
        return g.oneOf(
                one(() -> Neural.maxPool(a, two, two, none)),
                one(() -> Neural.maxPool(a.relu(), two, two, none)),
                one(() -> Neural.avgPool(a, two, two, none, true)),
                one(() -> Neural.globalAvgPool(a)));
    }

    private static Supplier<NDArray[]> norm(Growth g) {
        NDArray a = rows(g);
        return a == null
                ? null
                : g.oneOf(
                        one(() -> Neural.layerNorm(a, g.weight("bias"), g.weight("bias"), 0.1)),
                        one(() -> Normalisation.rmsNorm(a, g.weight("bias"), 0.1)));
    }

    private static Supplier<NDArray[]> channelNorm(Growth g) {
        NDArray a = image(g);
        if (a == null) {
            return null;
        }
        NDArray gamma = g.weight("gamma");
        NDArray beta = g.weight("beta");
        return g.oneOf(
                one(() -> Normalisation.groupNorm(a, gamma, beta, 2, 0.1)),
                one(() -> Normalisation.instanceNorm(a, gamma, beta, 0.1)),
                one(() -> Neural.batchNorm(BATCH_NORM, a, gamma, beta, g.weight("mean"), g.weight("variance"))[0]));
    }

    private static Supplier<NDArray[]> attention(Growth g) {
        NDArray a = g.any(v -> v.shape().rank() == 4);
        boolean causal = g.below(2) == 0;
        return a == null ? null : one(() -> Attention.scaledDotProduct(a, a.mul(0.5), a.tanh(), null, causal));
    }

    private static Supplier<NDArray[]> dropout(Growth g) {
        NDArray a = g.any();
        return one(() -> Dispatch.one(new DropoutOp(0.3), a));
    }
}
