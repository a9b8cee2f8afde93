package io.kiln.conformance;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.shape.Movement;
import io.kiln.op.vision.GridPadding;
import io.kiln.op.vision.GridSample;
import io.kiln.op.vision.InterpolationMode;
import io.kiln.op.vision.NonMaximumSuppression;
import io.kiln.op.vision.RoiAlign;
import io.kiln.op.vision.Vision;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Operators of ONNX on images and boxes. */
final class OnnxVision {
    private final Map<String, OnnxCall.Adapter> adapters;

    private OnnxVision(Map<String, OnnxCall.Adapter> adapters) {
        this.adapters = adapters;
    }

    static void addTo(Map<String, OnnxCall.Adapter> adapters) {
        new OnnxVision(adapters).add();
    }

    private void one(String name, Function<OnnxCall, NDArray> function) {
        adapters.put(name, c -> new NDArray[] {function.apply(c)});
    }

    private void add() {
        one("DepthToSpace", c -> {
            long block = c.integer("blocksize", 1);
            return c.text("mode", "DCR").equals("CRD")
                    ? Vision.pixelShuffle(c.x(), block, block)
                    : Vision.depthToSpace(c.x(), block);
        });
        one("SpaceToDepth", c -> {
            long block = c.integer("blocksize", 1);
            return c.text("mode", "DCR").equals("CRD")
                    ? Vision.pixelUnshuffle(c.x(), block, block)
                    : Vision.spaceToDepth(c.x(), block);
        });
        one("AffineGrid", c -> {
            long[] size = c.y().toLongArray();
            if (size.length != 4) {
                throw new Refusal("grids of volumes");
            }
            return Vision.affineGrid(c.x(), size[2], size[3], c.flag("align_corners", false));
        });
        one("GridSample", c -> {
            String mode = c.text("mode", "linear");
            String padding = c.text("padding_mode", "zeros");
            if (c.rank() != 4 || mode.contains("cubic") || padding.equals("reflection")) {
                throw new Refusal("grid samples of volumes, cubic ones, reflected borders");
            }
            return Vision.gridSample(
                    new GridSample(
                            mode.equals("nearest") ? InterpolationMode.NEAREST : InterpolationMode.LINEAR,
                            padding.equals("border") ? GridPadding.BORDER : GridPadding.ZEROS,
                            c.flag("align_corners", false)),
                    c.x(),
                    c.y());
        });
        one("RoiAlign", c -> {
            c.only("mode", "avg");
            NDArray batch = c.inputs()[2].cast(DType.FLOAT32).expandDims(1);
            return Vision.roiAlign(
                    new RoiAlign(
                            c.integer("output_height", 1),
                            c.integer("output_width", 1),
                            c.real("spatial_scale", 1),
                            c.integer("sampling_ratio", 0),
                            c.text("coordinate_transformation_mode", "half_pixel")
                                    .equals("half_pixel")),
                    c.x(),
                    Movement.concat(1, batch, c.y()));
        });
        one("Resize", OnnxVision::resize);
        one("NonMaxSuppression", OnnxVision::nonMaximumSuppression);
    }

    private static NDArray resize(OnnxCall c) {
        c.without("axes", "exclude_outside");
        c.only("keep_aspect_ratio_policy", "stretch");
        c.only("antialias", "0");
        String transformation = c.text("coordinate_transformation_mode", "half_pixel");
        boolean align = transformation.equals("align_corners");
        String mode = c.text("mode", "nearest");
        boolean floor = transformation.equals("asymmetric")
                && c.text("nearest_mode", "").equals("floor");
        if (c.rank() != 4 || (mode.equals("nearest") ? !floor : !align && !transformation.equals("half_pixel"))) {
            throw new Refusal("coordinates of " + mode + " " + transformation + " " + c.text("nearest_mode", ""));
        }
        long[] size = c.outputs()[0].shape().dims();
        if (c.input(2) != null) {
            double[] scales = c.inputs()[2].toDoubleArray();
            for (int k = 2; k < 4; k++) {
                if (scales[k] * c.x().shape().dim(k) != size[k]) {
                    throw new Refusal("scales that are not the ratio of the sizes");
                }
            }
        }
        NDArray x = c.x().dtype().isFloating() ? c.x() : c.x().cast(DType.FLOAT32);
        InterpolationMode interpolation =
                switch (mode) {
                    case "nearest" -> InterpolationMode.NEAREST;
                    case "linear" -> InterpolationMode.LINEAR;
                    default -> InterpolationMode.CUBIC;
                };
        return Vision.interpolate(x, interpolation, align, size[2], size[3]);
    }

    /** ONNX suppresses each class of each image by itself and returns rows (image, class, box). */
    private static NDArray nonMaximumSuppression(OnnxCall c) {
        long limit = c.input(2) == null ? 0 : (long) c.inputs()[2].item();
        double overlap = c.input(3) == null ? 0 : c.inputs()[3].item();
        double threshold = c.input(4) == null ? Double.NEGATIVE_INFINITY : c.inputs()[4].item();
        NDArray boxes = c.x();
        NDArray corners = c.flag("center_point_box", false) ? Vision.corners(boxes) : sorted(boxes);
        Shape scores = c.y().shape();
        List<Long> rows = new ArrayList<>();
        for (long image = 0; image < scores.dim(0) && limit > 0; image++) {
            for (long kind = 0; kind < scores.dim(1); kind++) {
                NDArray score = c.y().slice(0, image, image + 1)
                        .slice(1, kind, kind + 1)
                        .reshape(1, scores.dim(2));
                NonMaximumSuppression operator =
                        new NonMaximumSuppression(overlap, threshold, 0, Math.min(limit, scores.dim(2)));
                NDArray kept = Vision.nonMaximumSuppression(operator, corners.slice(0, image, image + 1), score, null);
                for (long box : kept.toLongArray()) {
                    if (box >= 0) {
                        rows.addAll(List.of(image, kind, box));
                    }
                }
            }
        }
        return NDArray.of(Shape.of(rows.size() / 3, 3), OnnxCall.longs(rows));
    }

    /** Corners in any order, y before x, as (left, top, right, bottom). */
    private static NDArray sorted(NDArray boxes) {
        NDArray y0 = boxes.slice(2, 0, 1);
        NDArray x0 = boxes.slice(2, 1, 2);
        NDArray y1 = boxes.slice(2, 2, 3);
        NDArray x1 = boxes.slice(2, 3, 4);
        return Movement.concat(2, x0.minimum(x1), y0.minimum(y1), x0.maximum(x1), y0.maximum(y1));
    }
}
