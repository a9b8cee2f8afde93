package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.values;
import static io.kiln.op.table.Argument.whole;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.index.TakeRows;
import io.kiln.op.internal.GridSampleGradient;
import io.kiln.op.internal.InterpolateGradient;
import io.kiln.op.internal.RoiAlignGradient;
import io.kiln.op.nn.AdaptiveAvgPool;
import io.kiln.op.nn.AdaptiveMaxPool;
import io.kiln.op.vision.AffineGrid;
import io.kiln.op.vision.BoxDecode;
import io.kiln.op.vision.BoxEncode;
import io.kiln.op.vision.BoxIou;
import io.kiln.op.vision.GridPadding;
import io.kiln.op.vision.GridSample;
import io.kiln.op.vision.Interpolate;
import io.kiln.op.vision.InterpolationMode;
import io.kiln.op.vision.NonMaximumSuppression;
import io.kiln.op.vision.RoiAlign;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows of operators on images and boxes. */
final class VisionRows {
    private static final String TEST = "VisionTest";

    private VisionRows() {}

    static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        rows.addAll(interpolation());
        rows.addAll(grids());
        rows.addAll(boxes());
        rows.addAll(regions());
        return rows;
    }

    private static List<Row> interpolation() {
        List<Row> rows = new ArrayList<>(List.of(
                Row.of(new Interpolate(List.of(7L), InterpolationMode.NEAREST, false))
                        .torch("torch.upsample_nearest1d(x0, [7], None)")
                        .on(real(-2, 2, 2, 3, 4))
                        .on(real(-2, 2, 0, 3, 4)),
                Row.of(new Interpolate(List.of(3L, 8L), InterpolationMode.NEAREST, false))
                        .torch("torch.upsample_nearest2d(x0, [3, 8], None, None)")
                        .on(real(-2, 2, 2, 2, 4, 4)),
                Row.of(new Interpolate(List.of(2L, 3L, 5L), InterpolationMode.NEAREST, false))
                        .torch("torch.upsample_nearest3d(x0, [2, 3, 5], None, None, None)")
                        .on(real(-2, 2, 1, 2, 2, 3, 2))));
        rows.addAll(wholeCells());
        for (boolean align : new boolean[] {false, true}) {
            String a = align ? "True" : "False";
            for (InterpolationMode mode : List.of(InterpolationMode.LINEAR, InterpolationMode.CUBIC)) {
                String name = mode == InterpolationMode.LINEAR ? "bilinear" : "bicubic";
                rows.add(Row.of(new Interpolate(List.of(3L, 5L), mode, align, true))
                        .torch("torch._upsample_" + name + "2d_aa(x0, [3, 5], " + a + ", None, None)")
                        .slack(16)
                        .on(real(-2, 2, 2, 2, 8, 5))
                        .on(real(-2, 2, 1, 3, 13, 3))
                        .on(real(-2, 2, 1, 1, 2, 40)));
            }
            rows.add(Row.of(new Interpolate(List.of(7L), InterpolationMode.LINEAR, align))
                    .torch("torch.upsample_linear1d(x0, [7], " + a + ", None)")
                    .slack(4)
                    .on(real(-2, 2, 2, 3, 4))
                    .on(real(-2, 2, 1, 1, 1)));
            rows.add(Row.of(new Interpolate(List.of(3L, 8L), InterpolationMode.LINEAR, align))
                    .torch("torch.upsample_bilinear2d(x0, [3, 8], " + a + ", None, None)")
                    .slack(4)
                    .on(real(-2, 2, 2, 2, 5, 3))
                    .on(real(-2, 2, 0, 2, 5, 3))
                    .on(real(-2, 2, 2, 3, 40, 30)));
            rows.add(Row.of(new Interpolate(List.of(2L, 3L, 5L), InterpolationMode.LINEAR, align))
                    .torch("torch.upsample_trilinear3d(x0, [2, 3, 5], " + a + ", None, None, None)")
                    .slack(4)
                    .on(real(-2, 2, 1, 2, 3, 2, 4)));
            rows.add(Row.of(new Interpolate(List.of(3L, 8L), InterpolationMode.CUBIC, align))
                    .torch("torch.upsample_bicubic2d(x0, [3, 8], " + a + ", None, None)")
                    .slack(8)
                    .on(real(-2, 2, 2, 2, 5, 3))
                    .on(real(-2, 2, 1, 1, 1, 6)));
        }
        rows.add(Row.of(new InterpolateGradient(List.of(5L, 3L), InterpolationMode.LINEAR, false))
                .torch("torch.upsample_bilinear2d_backward(x0, [3, 8], [2, 2, 5, 3], False, None, None)")
                .slack(4)
                .on(real(-2, 2, 2, 2, 3, 8)));
        return rows;
    }

    private static List<Row> wholeCells() {
        List<Row> rows = new ArrayList<>();
        List<List<Long>> sizes = List.of(List.of(3L), List.of(2L, 5L), List.of(2L, 3L, 4L));
        for (List<Long> size : sizes) {
            int axes = size.size();
            long[] odd = Arrays.copyOf(new long[] {2, 3, 7, 4, 5}, axes + 2);
            long[] even = Arrays.copyOf(new long[] {1, 2, 6, 10, 8}, axes + 2);
            String arguments = axes + "d(x0, " + size + ")";
            String scales = ", None".repeat(axes) + ")";
            rows.add(Row.of(new Interpolate(size, InterpolationMode.NEAREST_EXACT, false))
                    .torch("torch._upsample_nearest_exact" + axes + "d(x0, " + size + scales)
                    .on(real(-2, 2, odd))
                    .on(real(-2, 2, even)));
            rows.add(Row.of(new Interpolate(size, InterpolationMode.AREA, false))
                    .torch("torch.adaptive_avg_pool" + arguments)
                    .slack(4)
                    .on(real(-2, 2, odd))
                    .on(real(-2, 2, even)));
            rows.add(Row.of(new AdaptiveAvgPool(size))
                    .torch("torch.adaptive_avg_pool" + arguments)
                    .slack(4)
                    .on(real(-2, 2, odd))
                    .on(real(-2, 2, even)));
            rows.add(Row.of(new AdaptiveMaxPool(size))
                    .torch("(torch.adaptive_max_pool" + arguments + ")[0]")
                    .on(real(-2, 2, odd))
                    .on(real(-2, 2, even)));
        }
        rows.add(Row.of(new InterpolateGradient(List.of(5L, 3L), InterpolationMode.AREA, false))
                .torch("torch._adaptive_avg_pool2d_backward(x0, torch.zeros([2, 2, 5, 3], dtype=x0.dtype))")
                .slack(4)
                .on(real(-2, 2, 2, 2, 3, 2)));
        return rows;
    }

    private static List<Row> grids() {
        List<Row> rows = new ArrayList<>();
        for (boolean align : new boolean[] {false, true}) {
            String a = align ? "True" : "False";
            for (GridPadding padding : GridPadding.values()) {
                String p = padding.ordinal() + ", " + a + ")";
                rows.add(Row.of(new GridSample(InterpolationMode.LINEAR, padding, align))
                        .torch("torch.grid_sampler(x0, x1, 0, " + p)
                        .slack(16)
                        .on(real(-2, 2, 2, 3, 3, 4), real(-0.9, 0.9, 2, 2, 3, 2))
                        .on(real(-2, 2, 1, 2, 4, 3), real(-1.6, 1.6, 1, 3, 3, 2))
                        .on(real(-2, 2, 1, 1, 1, 1), real(-1, 1, 1, 2, 1, 2))
                        .on(real(-2, 2, 0, 1, 2, 2), real(-1, 1, 0, 2, 1, 2)));
                rows.add(Row.of(new GridSample(InterpolationMode.NEAREST, padding, align))
                        .torch("torch.grid_sampler(x0, x1, 1, " + p)
                        .on(real(-2, 2, 2, 3, 3, 4), real(-1.6, 1.6, 2, 2, 3, 2)));
            }
            rows.add(Row.of(new AffineGrid(3, 4, align))
                    .torch("torch.affine_grid_generator(x0, [torch.size(x0, 0), 1, 3, 4], " + a + ")")
                    .on(real(-1, 1, 2, 2, 3))
                    .on(real(-1, 1, 0, 2, 3)));
        }
        rows.add(Row.of(new AffineGrid(1, 1, true))
                .torch("torch.affine_grid_generator(x0, [1, 1, 1, 1], True)")
                .on(real(-1, 1, 1, 2, 3)));
        rows.add(Row.of(new GridSampleGradient(InterpolationMode.LINEAR, GridPadding.ZEROS, false))
                .checkedIn("the gradient of GridSample")
                .on(real(-2, 2, 1, 2, 2, 2), real(-2, 2, 1, 2, 3, 3), real(-0.9, 0.9, 1, 2, 2, 2)));
        return rows;
    }

    private static List<Row> boxes() {
        String low = "torch.maximum(torch.unsqueeze(x0, -2)[..., :2], torch.unsqueeze(x1, -3)[..., :2])";
        String high = "torch.minimum(torch.unsqueeze(x0, -2)[..., 2:], torch.unsqueeze(x1, -3)[..., 2:])";
        String shared = "torch.prod(torch.relu(" + high + " - " + low + "), -1)";
        String union = "(torch.unsqueeze(torch.prod(x0[..., 2:] - x0[..., :2], -1), -1)"
                + " + torch.unsqueeze(torch.prod(x1[..., 2:] - x1[..., :2], -1), -2) - " + shared + ")";
        String size = "(%s[..., 2:] - %s[..., :2])";
        String centre = "((%s[..., 2:] + %s[..., :2]) / 2)";
        String encoded = "torch.cat([(" + centre.formatted("x0", "x0") + " - " + centre.formatted("x1", "x1") + ") / "
                + size.formatted("x1", "x1") + " / 0.1, torch.log(" + size.formatted("x0", "x0") + " / "
                + size.formatted("x1", "x1") + ") / 0.2], -1)";
        String at = "(x0[..., :2] * 0.1 * " + size.formatted("x1", "x1") + " + " + centre.formatted("x1", "x1") + ")";
        String half = "(torch.exp(x0[..., 2:] * 0.2) * " + size.formatted("x1", "x1") + " / 2)";
        return List.of(
                Row.of(new BoxIou())
                        .torch("torch.div(" + shared + ", " + union + ")")
                        .slack(4)
                        .on(some(5), some(3))
                        .on(some(1), some(4))
                        .on(real(0, 1, 0, 4), some(2)),
                Row.of(new BoxIou())
                        .torch("torch.zeros([2, 1], dtype=x0.dtype)")
                        .forwardOn(values(Shape.of(2, 4), 1, 1, 1, 1, 3, 3, 2, 2), values(Shape.of(1, 4), 5, 5, 5, 6)),
                Row.of(new BoxEncode(0.1, 0.2))
                        .torch(encoded)
                        .slack(16)
                        .on(some(5), some(5))
                        .on(values(Shape.of(2, 1, 4), 0.1, 0.2, 0.5, 0.7, 0, 0, 1, 1), some(3)),
                Row.of(new BoxDecode(0.1, 0.2))
                        .torch("torch.cat([" + at + " - " + half + ", " + at + " + " + half + "], -1)")
                        .slack(4)
                        .on(real(-2, 2, 5, 4), some(5))
                        .on(real(-2, 2, 2, 3, 4), some(3))
                        .on(real(-2, 2, 0, 4), some(1)),
                Row.of(new NonMaximumSuppression(0.5, 0.1, 0, 4))
                        .checkedIn(TEST)
                        .order(0)
                        .on(real(0, 1, 2, 7, 4), real(0, 1, 2, 7))
                        .on(real(0, 1, 2, 7, 4), real(0, 1, 2, 7), whole(DType.INT64, 0, 3, 2, 7))
                        .on(real(0, 1, 1, 0, 4), real(0, 1, 1, 0)),
                Row.of(new TakeRows(-1))
                        .torch("torch.where(torch.unsqueeze(torch.ge(x1, 0), -1), torch.gather(x0, 1,"
                                + " torch.expand_copy(torch.unsqueeze(torch.clamp(x1, 0), -1), [-1, -1, torch.size(x0, 2)])),"
                                + " torch.full([1], -1, dtype=x0.dtype))")
                        .on(real(-2, 2, 2, 3, 4), whole(DType.INT64, -1, 3, 2, 5))
                        .on(real(-2, 2, 2, 3, 1), whole(DType.INT64, -1, 0, 2, 2))
                        .on(real(-2, 2, 0, 3, 1), whole(DType.INT64, -1, 3, 0, 2)));
    }

    /** Boxes of some area in the unit square. */
    private static Argument some(int n) {
        double[] v = new double[4 * n];
        for (int i = 0; i < n; i++) {
            v[4 * i] = 0.37 * i % 0.5;
            v[4 * i + 1] = 0.23 * i % 0.4;
            v[4 * i + 2] = v[4 * i] + 0.2 + 0.11 * i % 0.3;
            v[4 * i + 3] = v[4 * i + 1] + 0.3 + 0.07 * i % 0.3;
        }
        return values(Shape.of(n, 4), v);
    }

    private static List<Row> regions() {
        Argument roi = new Argument(
                Shape.of(3, 5),
                null,
                0,
                0,
                new double[] {1, 0.7, 1.1, 6.3, 5.2, 0, -2, 2, 3.5, 9, 0, 3, 3, 3.2, 3.1},
                false);
        Argument none = new Argument(Shape.of(0, 5), null, 0, 0, new double[0], false);
        return List.of(
                Row.of(new RoiAlign(2, 3, 0.5, 2, false))
                        .checkedIn(TEST)
                        .on(real(-2, 2, 2, 2, 4, 5), roi)
                        .on(real(-2, 2, 2, 2, 4, 5), none),
                Row.of(new RoiAlign(2, 2, 1, 0, true)).checkedIn(TEST).on(real(-2, 2, 2, 1, 7, 6), roi),
                Row.of(new RoiAlignGradient(2, 3, 0.5, 2, false, Shape.of(2, 2, 4, 5)))
                        .checkedIn("the gradient of RoiAlign")
                        .on(real(-2, 2, 3, 2, 2, 3), roi));
    }
}
