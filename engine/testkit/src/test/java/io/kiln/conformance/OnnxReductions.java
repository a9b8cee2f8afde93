package io.kiln.conformance;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.index.Indexing;
import io.kiln.op.index.OneHot;
import io.kiln.op.index.ScatterMode;
import io.kiln.op.index.TopK;
import io.kiln.op.index.Unique;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.math.Elementwise;
import io.kiln.op.reduce.ArgMax;
import io.kiln.op.reduce.ArgMin;
import io.kiln.op.reduce.Reductions;
import io.kiln.op.shape.Movement;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** Operators of ONNX that reduce, scan, look up, sort and multiply matrices. */
final class OnnxReductions {
    private interface Reduce {
        NDArray of(NDArray x, boolean keepDims, int... axes);
    }

    private final Map<String, OnnxCall.Adapter> adapters;

    private OnnxReductions(Map<String, OnnxCall.Adapter> adapters) {
        this.adapters = adapters;
    }

    static void addTo(Map<String, OnnxCall.Adapter> adapters) {
        OnnxReductions group = new OnnxReductions(adapters);
        group.reductions();
        group.lookups();
        group.matrices();
    }

    private void one(String name, Function<OnnxCall, NDArray> function) {
        adapters.put(name, c -> new NDArray[] {function.apply(c)});
    }

    private void reduce(String name, Reduce function) {
        one(name, c -> {
            int[] axes = c.axes(1);
            if (axes.length == 0 && c.flag("noop_with_empty_axes", false)) {
                throw new Refusal("noop_with_empty_axes");
            }
            return function.of(c.x(), c.flag("keepdims", true), axes);
        });
    }

    private void reductions() {
        reduce("ReduceSum", Reductions::sum);
        reduce("ReduceMean", Reductions::mean);
        reduce("ReduceMax", Reductions::max);
        reduce("ReduceMin", Reductions::min);
        reduce("ReduceProd", Reductions::prod);
        reduce("ReduceL1", (x, keep, axes) -> Reductions.norm(x, 1, keep, axes));
        reduce("ReduceL2", (x, keep, axes) -> Reductions.norm(x, 2, keep, axes));
        reduce("ReduceLogSum", (x, keep, axes) -> Reductions.sum(x, keep, axes).log());
        reduce("ReduceLogSumExp", Reductions::logSumExp);
        reduce("ReduceSumSquare", (x, keep, axes) -> Reductions.sum(x.square(), keep, axes));
        one("ArgMax", c -> {
            c.only("select_last_index", "0");
            return Dispatch.one(new ArgMax(c.axis(0), c.flag("keepdims", true)), c.x());
        });
        one("ArgMin", c -> {
            c.only("select_last_index", "0");
            return Dispatch.one(new ArgMin(c.axis(0), c.flag("keepdims", true)), c.x());
        });
        one(
                "CumSum",
                c -> Reductions.cumsum(
                        c.x(), (int) c.y().item(), c.flag("exclusive", false), c.flag("reverse", false)));
        one(
                "CumProd",
                c -> Reductions.cumprod(
                        c.x(), (int) c.y().item(), c.flag("exclusive", false), c.flag("reverse", false)));
        one("LpNormalization", c -> {
            NDArray norm = Reductions.norm(c.x(), c.integer("p", 2), true, c.axis(-1));
            return Elementwise.where(norm.eq(0), c.x(), c.x().div(norm));
        });
        one("MeanVarianceNormalization", c -> {
            int[] axes = c.has("axes") ? c.axes(1) : new int[] {0, 2, 3};
            NDArray deviation = Reductions.std(c.x(), 0, true, axes);
            return c.x().sub(Reductions.mean(c.x(), true, axes)).div(deviation.add(1e-9));
        });
    }

    private void lookups() {
        one("Gather", c -> Indexing.gather(c.x(), c.y(), (int) c.integer("axis", 0)));
        one("GatherElements", c -> Indexing.gatherAlong(c.x(), c.y(), (int) c.integer("axis", 0)));
        one("GatherND", c -> {
            c.only("batch_dims", "0");
            return Indexing.gatherNd(c.x(), c.y());
        });
        one("Scatter", OnnxReductions::scatterElements);
        one("ScatterElements", OnnxReductions::scatterElements);
        one("ScatterND", c -> Indexing.scatterNdUpdate(c.x(), c.y(), c.inputs()[2], mode(c)));
        one("OneHot", c -> {
            NDArray values = c.inputs()[2];
            NDArray hot = Dispatch.one(new OneHot((long) c.y().item(), values.dtype()), c.x());
            NDArray result = hot.mul(values.get(1) - values.get(0)).add(values.get(0));
            int axis = (int) c.integer("axis", -1);
            return OnnxShapes.lastAxisTo(result, axis < 0 ? axis + c.rank() + 1 : axis);
        });
        one("NonZero", c -> Indexing.nonzero(c.x()).transpose());
        one("Compress", c -> {
            NDArray x = c.has("axis") ? c.x() : c.x().reshape(c.x().size());
            int axis = c.has("axis") ? c.axis(0) : 0;
            long missing = x.shape().dim(axis) - c.y().size();
            NDArray mask =
                    missing == 0 ? c.y() : Movement.concat(0, c.y(), NDArray.zeros(Shape.of(missing), DType.BOOL));
            return Indexing.booleanMask(x, mask, axis);
        });
        adapters.put("Unique", c -> {
            c.without("axis");
            c.only("sorted", "1");
            Unique unique = Indexing.unique(c.x());
            NDArray[] results = new NDArray[c.outputs().length];
            results[0] = unique.values();
            if (results.length > 2) {
                results[2] = unique.inverse();
            }
            if (results.length > 3) {
                results[3] = unique.counts();
            }
            return results;
        });
        adapters.put(
                "TopK",
                c -> Dispatch.run(
                        new TopK((long) c.y().item(), (int) c.integer("axis", -1), c.flag("largest", true)), c.x()));
    }

    private static NDArray scatterElements(OnnxCall c) {
        return Indexing.scatterAlong(c.x(), c.y(), c.inputs()[2], (int) c.integer("axis", 0), mode(c));
    }

    private static ScatterMode mode(OnnxCall c) {
        String reduction = c.text("reduction", "none");
        return reduction.equals("none") ? ScatterMode.SET : ScatterMode.valueOf(reduction.toUpperCase(Locale.ROOT));
    }

    private void matrices() {
        one("MatMul", c -> Linalg.matmul(c.x(), c.y()));
        one("Det", c -> Linalg.det(c.x()));
        one("Einsum", c -> Linalg.einsum(c.text("equation", "").replace(" ", ""), c.inputs()));
        one("Gemm", c -> {
            NDArray a = c.flag("transA", false) ? c.x().transpose() : c.x();
            NDArray b = c.flag("transB", false) ? c.y().transpose() : c.y();
            NDArray product = a.matmul(b).mul(c.real("alpha", 1));
            return c.input(2) == null ? product : product.add(c.inputs()[2].mul(c.real("beta", 1)));
        });
    }
}
