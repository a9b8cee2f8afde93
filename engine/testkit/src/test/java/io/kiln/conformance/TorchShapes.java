package io.kiln.conformance;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.index.Indexing;
import io.kiln.op.index.ScatterMode;
import io.kiln.op.index.TopK;
import io.kiln.op.index.Unique;
import io.kiln.op.shape.Movement;
import io.kiln.op.shape.PadMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Functions of PyTorch that move elements, look them up and sort them. */
final class TorchShapes {
    private final Map<String, TorchCall.Adapter> adapters;

    private TorchShapes(Map<String, TorchCall.Adapter> adapters) {
        this.adapters = adapters;
    }

    static void addTo(Map<String, TorchCall.Adapter> adapters) {
        TorchShapes group = new TorchShapes(adapters);
        group.shapes();
        group.copies();
        group.lookups();
        group.orders();
    }

    private void one(String name, Function<TorchCall, NDArray> function) {
        adapters.put(name, c -> new NDArray[] {function.apply(c)});
    }

    private void shapes() {
        one("broadcast_to", c -> c.x().broadcastTo(Shape.of(c.longs(1, "size"))));
        one("flatten", c -> {
            long end = c.integer(2, "end_dim", -1);
            TorchCall.needs(end == -1 || end == c.rank() - 1, "flattening of axes in the middle");
            return Movement.flatten(c.x(), (int) c.integer(1, "start_dim", 0));
        });
        one("permute", c -> c.x().transpose(c.ints(1, "dims")));
        one("reshape", c -> c.x().reshape(c.longs(1, "shape")));
        one("squeeze", c -> {
            if (c.variant().isEmpty() && !c.has(1, "dim")) {
                return c.x().squeeze();
            }
            int[] axes = Arrays.stream(c.axes(1, "dim"))
                    .filter(a -> c.rank() > 0 && c.x().shape().dim(a) == 1)
                    .toArray();
            return axes.length == 0 ? c.x() : c.x().squeeze(axes);
        });
        one("transpose", c -> {
            int[] order = new int[c.rank()];
            Arrays.setAll(order, k -> k);
            if (order.length > 0) {
                int a = c.axis(1, "dim0", 0);
                int b = c.axis(2, "dim1", 0);
                order[a] = b;
                order[b] = a;
            }
            return c.x().transpose(order);
        });
        one("unsqueeze", c -> c.x().expandDims((int) c.integer(1, "dim", 0)));
    }

    private void copies() {
        one("cat", c -> Movement.concat((int) c.integer(1, "dim", 0), c.list(0)));
        one("stack", c -> Movement.stack((int) c.integer(1, "dim", 0), c.list(0)));
        one("diag_embed", c -> {
            TorchCall.needs(!c.has(1, "offset") && !c.has(2, "dim1"), "diagonals beside the main one");
            return Movement.diagEmbed(c.x());
        });
        one("diagonal", c -> {
            TorchCall.needs(!c.has(2, "dim1") && c.rank() == 2, "diagonals of other axes");
            return Movement.diagonal(c.x(), c.integer(1, "offset", 0));
        });
        one("flip", c -> Movement.flip(c.x(), c.ints(1, "dims")));
        one("repeat", c -> Movement.tile(c.x(), c.longs(1, "repeats")));
        one("tile", c -> Movement.tile(c.x(), c.longs(1, "dims")));
        one("repeat_interleave", c -> {
            TorchCall.needs(
                    c.argument(1, "repeats") instanceof Number && c.has(2, "dim"),
                    "repeats by an array, of all elements");
            return Movement.repeat(c.x(), c.integer(1, "repeats", 1), (int) c.integer(2, "dim", 0));
        });
        one("roll", c -> {
            TorchCall.needs(c.has(2, "dims") && c.ints(1, "shifts").length == 1, "several shifts");
            return Movement.roll(c.x(), c.ints(1, "shifts")[0], c.ints(2, "dims")[0]);
        });
        adapters.put("split", c -> {
            TorchCall.needs(c.argument(1, "split_size") instanceof Number, "parts by a list of sizes");
            long size = c.integer(1, "split_size", 1);
            int axis = c.axis(2, "dim", 0);
            long length = c.x().shape().dim(axis);
            List<NDArray> parts = new ArrayList<>();
            for (long at = 0; at < length; at += size) {
                parts.add(c.x().slice(axis, at, Math.min(at + size, length)));
            }
            return parts.toArray(NDArray[]::new);
        });
        one("tril", c -> Movement.tril(c.x(), c.integer(1, "diagonal", 0)));
        one("triu", c -> Movement.triu(c.x(), c.integer(1, "diagonal", 0)));
        one("nn.functional.pad", TorchShapes::pad);
    }

    private static NDArray pad(TorchCall c) {
        List<Long> pads = c.integers(1, "pad", List.of());
        TorchCall.needs(pads.stream().allMatch(p -> p >= 0), "borders that crop");
        int rank = c.rank();
        long[] before = new long[rank];
        long[] after = new long[rank];
        for (int k = 0; k < pads.size() / 2; k++) {
            before[rank - 1 - k] = pads.get(2 * k);
            after[rank - 1 - k] = pads.get(2 * k + 1);
        }
        return switch (c.text(2, "mode", "constant")) {
            case "constant" -> Movement.pad(c.x(), before, after, c.real(3, "value", 0));
            case "reflect" -> Movement.pad(c.x(), before, after, PadMode.REFLECT);
            case "replicate" -> Movement.pad(c.x(), before, after, PadMode.EDGE);
            default -> throw new Refusal("pad of mode " + c.text(2, "mode", ""));
        };
    }

    private void lookups() {
        one("gather", c -> Indexing.gatherAlong(c.x(), c.x(2), (int) c.integer(1, "dim", 0)));
        one("take_along_dim", c -> {
            TorchCall.needs(c.has(2, "dim"), "elements of the flattened array");
            return Indexing.gatherAlong(c.x(), c.x(1), (int) c.integer(2, "dim", 0));
        });
        one("index_select", c -> Indexing.gather(c.x(), c.x(2), (int) c.integer(1, "dim", 0)));
        one("index_add", c -> {
            double alpha = c.real(-1, "alpha", 1);
            NDArray source = alpha == 1 ? c.x(3) : c.x(3).mul(alpha);
            return Indexing.scatterAdd(c.x(), c.x(2), source, (int) c.integer(1, "dim", 0));
        });
        one("scatter", c -> {
            c.without("reduce");
            NDArray source = c.argument(3, "src") instanceof NDArray array
                    ? array
                    : Creation.fullLike(c.x(2), c.real(3, "value", 0)).cast(c.x().dtype());
            return Indexing.scatterAlong(c.x(), c.x(2), source, (int) c.integer(1, "dim", 0), ScatterMode.SET);
        });
        one("scatter_reduce", c -> {
            TorchCall.needs(c.flag(-1, "include_self", true), "scatters that leave out what was there");
            ScatterMode mode =
                    switch (c.text(4, "reduce", "")) {
                        case "sum" -> ScatterMode.ADD;
                        case "prod" -> ScatterMode.MUL;
                        case "amin" -> ScatterMode.MIN;
                        case "amax" -> ScatterMode.MAX;
                        default -> throw new Refusal("scattered means");
                    };
            return Indexing.scatterAlong(c.x(), c.x(2), c.x(3), (int) c.integer(1, "dim", 0), mode);
        });
        one("scatter_add", c -> Indexing.scatterAddAlong(c.x(), c.x(2), c.x(3), (int) c.integer(1, "dim", 0)));
        one("bucketize", c -> {
            c.without("out_int32");
            return Indexing.searchSorted(c.x(1), c.x(), c.flag(-1, "right", false));
        });
        one("searchsorted", c -> {
            c.without("sorter", "out_int32");
            TorchCall.needs(c.x(1).shape().rank() > 0 && c.rank() == 1, "sorted rows of a matrix");
            boolean right = c.flag(-1, "right", false) || c.text(-1, "side", "").equals("right");
            return Indexing.searchSorted(c.x(), c.x(1), right);
        });
        one("histc", c -> {
            c.without("weight");
            double low = c.real(2, "min", 0);
            double high = c.real(3, "max", 0);
            TorchCall.needs(low != high, "a histogram over the range of the data");
            return Indexing.histogram(c.x(), c.integer(1, "bins", 100), low, high)
                    .cast(c.x().dtype());
        });
        one("nonzero", c -> {
            c.without("as_tuple");
            return Indexing.nonzero(c.x());
        });
    }

    private void orders() {
        adapters.put("sort", c -> {
            TorchCall.needs(c.rank() > 0, "the order of a scalar");
            int axis = (int) c.integer(1, "dim", -1);
            boolean descending = c.flag(2, "descending", false);
            return new NDArray[] {Indexing.sort(c.x(), axis, descending), Indexing.argSort(c.x(), axis, descending)};
        });
        one("argsort", c -> {
            TorchCall.needs(c.rank() > 0, "the order of a scalar");
            return Indexing.argSort(c.x(), (int) c.integer(1, "dim", -1), c.flag(2, "descending", false));
        });
        adapters.put("topk", c -> {
            TorchCall.needs(c.rank() > 0, "the order of a scalar");
            return Dispatch.run(
                    new TopK(c.integer(1, "k", 1), (int) c.integer(2, "dim", -1), c.flag(3, "largest", true)), c.x());
        });
        adapters.put("unique", c -> {
            c.without("dim");
            TorchCall.needs(c.flag(-1, "sorted", true), "unique elements in another order");
            Unique unique = Indexing.unique(c.x());
            List<NDArray> results = new ArrayList<>(List.of(unique.values()));
            if (c.flag(-1, "return_inverse", false)) {
                results.add(unique.inverse().reshape(c.x().shape()));
            }
            if (c.flag(-1, "return_counts", false)) {
                results.add(unique.counts());
            }
            return results.toArray(NDArray[]::new);
        });
    }
}
