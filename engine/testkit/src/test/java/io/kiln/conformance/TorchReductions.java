package io.kiln.conformance;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.reduce.ArgMax;
import io.kiln.op.reduce.ArgMin;
import io.kiln.op.reduce.Reductions;
import java.util.Map;
import java.util.function.Function;

/** Reductions, scans and linear algebra of PyTorch. */
final class TorchReductions {
    private interface Reduce {
        NDArray of(NDArray x, boolean keepDims, int... axes);
    }

    private final Map<String, TorchCall.Adapter> adapters;

    private TorchReductions(Map<String, TorchCall.Adapter> adapters) {
        this.adapters = adapters;
    }

    static void addTo(Map<String, TorchCall.Adapter> adapters) {
        TorchReductions group = new TorchReductions(adapters);
        group.reductions();
        group.scans();
        group.matrices();
        group.factorisations();
    }

    private void one(String name, Function<TorchCall, NDArray> function) {
        adapters.put(name, c -> new NDArray[] {function.apply(c)});
    }

    private void reduce(String name, Reduce function) {
        one(name, c -> {
            c.without("dtype");
            return function.of(c.x(), c.flag(2, "keepdim", false), c.axes(1, "dim"));
        });
    }

    private void reductions() {
        reduce("sum", Reductions::sum);
        reduce("mean", Reductions::mean);
        reduce("prod", Reductions::prod);
        reduce("amax", Reductions::max);
        reduce("amin", Reductions::min);
        reduce("logsumexp", Reductions::logSumExp);
        one("all", c -> {
            c.without("keepdim");
            return Reductions.all(c.x(), c.axes(1, "dim"));
        });
        one("any", c -> {
            c.without("keepdim");
            return Reductions.any(c.x(), c.axes(1, "dim"));
        });
        one("count_nonzero", c -> Reductions.countNonzero(c.x(), c.axes(1, "dim")));
        one("var", c -> Reductions.variance(c.x(), correction(c), c.flag(3, "keepdim", false), c.axes(1, "dim")));
        one("std", c -> Reductions.std(c.x(), correction(c), c.flag(3, "keepdim", false), c.axes(1, "dim")));
        one("norm", c -> norm(c, "p"));
        one("linalg.vector_norm", c -> norm(c, "ord"));
        one("argmax", c -> arg(c, true));
        one("argmin", c -> arg(c, false));
        adapters.put("max", c -> extreme(c, true));
        adapters.put("min", c -> extreme(c, false));
        one("quantile", c -> {
            TorchCall.needs(
                    c.argument(1, "q") instanceof Number && c.has(2, "dim"), "quantiles of several q or all elements");
            TorchCall.needs(
                    c.text(-1, "interpolation", "linear").equals("linear"), "other interpolations of quantiles");
            TorchCall.needs(!c.flag(3, "keepdim", false), "argument keepdim");
            return Reductions.quantile(c.x(), c.real(1, "q", 0), (int) c.integer(2, "dim", 0));
        });
    }

    private static long correction(TorchCall c) {
        TorchCall.needs(!(c.argument(1, "dim") instanceof Boolean), "the old argument unbiased");
        double correction = c.kwargs().get("correction") == null
                ? c.flag(2, "unbiased", true) ? 1 : 0
                : c.real(-1, "correction", 1);
        TorchCall.needs(correction == Math.rint(correction), "fractional correction");
        return (long) correction;
    }

    private static NDArray norm(TorchCall c, String keyword) {
        c.without("dtype");
        Object p = c.has(1, keyword) ? c.argument(1, keyword) : Long.valueOf(2);
        TorchCall.needs(p instanceof Number, "norm " + p);
        double order = ((Number) p).doubleValue();
        return Reductions.norm(c.x(), order, c.flag(3, "keepdim", false), c.axes(2, "dim"));
    }

    private static NDArray arg(TorchCall c, boolean largest) {
        boolean flat = !c.has(1, "dim") || c.rank() == 0;
        NDArray x = flat ? c.x().reshape(c.x().size()) : c.x();
        int axis = flat ? 0 : (int) c.integer(1, "dim", 0);
        boolean keep = !flat && c.flag(2, "keepdim", false);
        return Dispatch.one(largest ? new ArgMax(axis, keep) : new ArgMin(axis, keep), x);
    }

    private static NDArray[] extreme(TorchCall c, boolean largest) {
        switch (c.variant()) {
            case "binary":
                return new NDArray[] {largest ? c.x().maximum(c.x(1)) : c.x().minimum(c.x(1))};
            case "reduction_no_dim":
                return new NDArray[] {largest ? c.x().max() : c.x().min()};
            default:
                TorchCall.needs(c.rank() > 0, "indices of a scalar");
                int axis = c.axis(1, "dim", 0);
                boolean keep = c.flag(2, "keepdim", false);
                return new NDArray[] {
                    largest ? Reductions.max(c.x(), keep, axis) : Reductions.min(c.x(), keep, axis),
                    Dispatch.one(largest ? new ArgMax(axis, keep) : new ArgMin(axis, keep), c.x())
                };
        }
    }

    private void scans() {
        one("cumsum", c -> {
            c.without("dtype");
            return Reductions.cumsum(c.x(), (int) c.integer(1, "dim", 0));
        });
        one("cumprod", c -> {
            c.without("dtype");
            return Reductions.cumprod(c.x(), (int) c.integer(1, "dim", 0));
        });
        one("logcumsumexp", c -> {
            TorchCall.needs(c.rank() > 0, "a scan of a scalar");
            return Reductions.logcumsumexp(c.x(), (int) c.integer(1, "dim", 0));
        });
        adapters.put("cummax", c -> Reductions.cummax(c.x(), (int) c.integer(1, "dim", 0)));
        adapters.put("cummin", c -> Reductions.cummin(c.x(), (int) c.integer(1, "dim", 0)));
    }

    private void matrices() {
        one("matmul", c -> Linalg.matmul(c.x(), c.x(1)));
        one("mm", c -> Linalg.matmul(c.x(), c.x(1)));
        one("bmm", c -> Linalg.matmul(c.x(), c.x(1)));
        one("mv", c -> Linalg.matmul(c.x(), c.x(1)));
        one("dot", c -> Linalg.matmul(c.x(), c.x(1)));
        one("kron", c -> Linalg.kron(c.x(), c.x(1)));
        one("outer", c -> Linalg.outer(c.x(), c.x(1)));
        one("trace", c -> Linalg.trace(c.x()));
        one("addmm", TorchReductions::productAndSum);
        one("baddbmm", TorchReductions::productAndSum);
        one("einsum", c -> Linalg.einsum(((String) c.argument(1, "equation")).replace(" ", ""), c.list(0)));
    }

    private static NDArray productAndSum(TorchCall c) {
        NDArray product = Linalg.matmul(c.x(1), c.x(2)).mul(c.real(-1, "alpha", 1));
        TorchCall.needs(c.real(-1, "beta", 1) != 0, "a summand of factor 0, whose NaN is left out");
        return product.add(c.x().mul(c.real(-1, "beta", 1)));
    }

    private void factorisations() {
        one("linalg.cholesky", c -> {
            c.without("upper");
            return Linalg.cholesky(c.x());
        });
        one("linalg.det", c -> Linalg.det(c.x()));
        one("linalg.inv", c -> Linalg.inverse(c.x()));
        adapters.put("linalg.slogdet", c -> {
            NDArray[] results = Linalg.logDeterminant(c.x());
            return new NDArray[] {results[1], results[0]};
        });
        one("linalg.svdvals", c -> Linalg.svd(c.x())[1]);
        one("linalg.eigvalsh", c -> {
            TorchCall.needs(c.text(1, "UPLO", "L").equals("L"), "the upper triangle alone");
            return Linalg.eigh(c.x())[0];
        });
        adapters.put("linalg.qr", c -> {
            TorchCall.needs(c.text(1, "mode", "reduced").equals("reduced"), "complete and R-only factorisations");
            return Linalg.qr(c.x());
        });
        one("linalg.solve", c -> {
            TorchCall.needs(c.flag(-1, "left", true), "systems from the right");
            return c.x(1).shape().rank() < c.rank()
                    ? Linalg.solve(c.x(), c.x(1).expandDims(-1)).squeeze(-1)
                    : Linalg.solve(c.x(), c.x(1));
        });
        one("linalg.solve_triangular", c -> {
            TorchCall.needs(
                    c.flag(-1, "left", true) && !c.flag(-1, "unitriangular", false),
                    "systems from the right, unit diagonals");
            return Linalg.triangularSolve(c.x(), c.x(1), !c.flag(-1, "upper", false));
        });
    }
}
