package io.kiln.conformance;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Creation;
import io.kiln.op.recurrent.Sequences;
import io.kiln.op.shape.Movement;
import io.kiln.op.shape.PadMode;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;

/** Operators of ONNX that move elements, and those that make arrays. */
final class OnnxShapes {
    private final Map<String, OnnxCall.Adapter> adapters;

    private OnnxShapes(Map<String, OnnxCall.Adapter> adapters) {
        this.adapters = adapters;
    }

    static void addTo(Map<String, OnnxCall.Adapter> adapters) {
        new OnnxShapes(adapters).add();
    }

    private void one(String name, Function<OnnxCall, NDArray> function) {
        adapters.put(name, c -> new NDArray[] {function.apply(c)});
    }

    private void add() {
        one("Concat", c -> Movement.concat((int) c.integer("axis", 0), c.inputs()));
        one("Expand", c -> c.x().broadcastTo(Shape.broadcast(c.x().shape(), Shape.of(c.y().toLongArray()), "expand")));
        one(
                "EyeLike",
                c -> Creation.eye(
                        c.x().shape().dim(0), c.x().shape().dim(1), c.integer("k", 0), c.outputs()[0].dtype()));
        one("Flatten", c -> {
            int axis = c.axis(1);
            long lead = 1;
            for (int k = 0; k < axis; k++) {
                lead *= c.x().shape().dim(k);
            }
            return c.x().reshape(lead, c.x().size() / lead);
        });
        one("Pad", OnnxShapes::pad);
        one("Range", c -> NDArray.arange(c.x().item(), c.y().item(), c.inputs()[2].item(), c.x().dtype()));
        one("Reshape", c -> {
            long[] sizes = c.y().toLongArray();
            for (int k = 0; k < sizes.length; k++) {
                if (sizes[k] == 0 && !c.flag("allowzero", false)) {
                    sizes[k] = c.x().shape().dim(k);
                }
            }
            return c.x().reshape(sizes);
        });
        one("ReverseSequence", c -> {
            if (c.rank() > 2) {
                throw new Refusal("rank above 2");
            }
            return Sequences.reverse(c.x(), c.y(), (int) c.integer("time_axis", 0));
        });
        one("Shape", OnnxShapes::shape);
        one("Size", c -> NDArray.scalar(c.x().size(), DType.INT64));
        one("Slice", OnnxShapes::slice);
        adapters.put("Split", OnnxShapes::split);
        one("Squeeze", c -> c.x().squeeze(c.axes(1)));
        one("Tile", c -> Movement.tile(c.x(), c.y().toLongArray()));
        one(
                "Transpose",
                c -> c.has("perm") ? c.x().transpose(OnnxCall.ints(c.integers("perm", null))) : c.x().transpose());
        one("Trilu", c -> {
            long diagonal = c.input(1) == null ? 0 : (long) c.y().item();
            return c.flag("upper", true) ? Movement.triu(c.x(), diagonal) : Movement.tril(c.x(), diagonal);
        });
        one("Unsqueeze", c -> {
            long[] axes = c.y().toLongArray();
            int rank = c.rank() + axes.length;
            NDArray result = c.x();
            for (long axis :
                    Arrays.stream(axes).map(a -> a < 0 ? a + rank : a).sorted().toArray()) {
                result = result.expandDims((int) axis);
            }
            return result;
        });
    }

    private static NDArray shape(OnnxCall c) {
        int rank = c.rank();
        int start = bounded(c.integer("start", 0), rank);
        int end = bounded(c.integer("end", rank), rank);
        long[] dims = start < end ? Arrays.copyOfRange(c.x().shape().dims(), start, end) : new long[0];
        return NDArray.of(Shape.of(dims.length), dims);
    }

    private static int bounded(long axis, int rank) {
        return (int) Math.max(0, Math.min(rank, axis < 0 ? axis + rank : axis));
    }

    private static NDArray pad(OnnxCall c) {
        long[] pads = c.y().toLongArray();
        long[] axes = c.input(3) == null ? null : c.inputs()[3].toLongArray();
        long[] before = new long[c.rank()];
        long[] after = new long[c.rank()];
        for (int k = 0; k < pads.length / 2; k++) {
            int axis = axes == null ? k : (int) (axes[k] < 0 ? axes[k] + c.rank() : axes[k]);
            before[axis] = pads[k];
            after[axis] = pads[k + pads.length / 2];
        }
        double value = c.input(2) == null ? 0 : c.inputs()[2].item();
        return switch (c.text("mode", "constant")) {
            case "constant" -> Movement.pad(c.x(), before, after, value);
            case "edge" -> Movement.pad(c.x(), before, after, PadMode.EDGE);
            case "reflect" -> Movement.pad(c.x(), before, after, PadMode.REFLECT);
            default -> throw new Refusal("pad of mode " + c.text("mode", ""));
        };
    }

    private static NDArray slice(OnnxCall c) {
        long[] start = c.y().toLongArray();
        long[] stop = c.inputs()[2].toLongArray();
        long[] axes = c.input(3) == null ? null : c.inputs()[3].toLongArray();
        long[] step = c.input(4) == null ? null : c.inputs()[4].toLongArray();
        NDArray result = c.x();
        for (int k = 0; k < start.length; k++) {
            int axis = axes == null ? k : (int) axes[k];
            result = result.slice(axis < 0 ? axis + c.rank() : axis, start[k], stop[k], step == null ? 1 : step[k]);
        }
        return result;
    }

    private static NDArray[] split(OnnxCall c) {
        int axis = c.axis(0);
        long size = c.x().shape().dim(axis);
        int parts = c.input(1) != null ? (int) c.y().size() : (int) c.integer("num_outputs", c.outputs().length);
        long share = (size + parts - 1) / parts;
        NDArray[] results = new NDArray[parts];
        long at = 0;
        for (int k = 0; k < parts; k++) {
            long length = c.input(1) != null ? c.y().toLongArray()[k] : Math.min(share, size - k * share);
            results[k] = c.x().slice(axis, at, at + length);
            at += length;
        }
        return results;
    }

    /** Moves the last axis to the place of another. */
    static NDArray lastAxisTo(NDArray x, int axis) {
        int last = x.shape().rank() - 1;
        int[] order = new int[last + 1];
        for (int k = 0, from = 0; k <= last; k++) {
            order[k] = k == axis ? last : from++;
        }
        return x.transpose(order);
    }
}
