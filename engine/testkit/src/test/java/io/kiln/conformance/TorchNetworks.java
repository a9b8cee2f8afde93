package io.kiln.conformance;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.loss.Huber;
import io.kiln.nn.loss.Loss;
import io.kiln.nn.loss.Nll;
import io.kiln.nn.loss.SigmoidBce;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.Activation;
import io.kiln.op.attention.ScaledDotProductAttention;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import io.kiln.op.nn.LocalResponseNorm;
import io.kiln.op.nn.MaxPool;
import io.kiln.op.nn.Neural;
import io.kiln.op.nn.Normalisation;
import io.kiln.op.nn.Unfold;
import io.kiln.op.vision.GridPadding;
import io.kiln.op.vision.GridSample;
import io.kiln.op.vision.Interpolate;
import io.kiln.op.vision.InterpolationMode;
import io.kiln.op.vision.Vision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Function;

/** Functions of PyTorch's torch.nn.functional that are not element by element. */
final class TorchNetworks {
    private static final String UNBATCHED = "arrays without a batch axis";
    private final Map<String, TorchCall.Adapter> adapters;

    private TorchNetworks(Map<String, TorchCall.Adapter> adapters) {
        this.adapters = adapters;
    }

    static void addTo(Map<String, TorchCall.Adapter> adapters) {
        TorchNetworks group = new TorchNetworks(adapters);
        group.windows();
        group.normalisations();
        group.images();
        group.losses();
    }

    private void one(String name, Function<TorchCall, NDArray> function) {
        adapters.put("nn.functional." + name, c -> new NDArray[] {function.apply(c)});
    }

    private void windows() {
        one("linear", c -> Neural.linear(c.x(), c.x(1), c.optional(2, "bias")));
        one("embedding", c -> {
            c.without("max_norm", "scale_grad_by_freq", "padding_idx");
            return Neural.embedding(c.x(1), c.x());
        });
        for (int k = 1; k <= 3; k++) {
            int n = k;
            one("conv" + n + "d", c -> convolution(c, n));
            one("conv_transpose" + n + "d", c -> transposed(c, n));
            one("avg_pool" + n + "d", c -> averagePool(c, n));
            one("max_pool" + n + "d", c -> maxPool(c, n));
            one("adaptive_avg_pool" + n + "d", c -> Neural.adaptiveAvgPool(c.x(), adaptive(c, n)));
            one("adaptive_max_pool" + n + "d", c -> Neural.adaptiveMaxPool(c.x(), adaptive(c, n)));
        }
        one("unfold", c -> {
            TorchCall.needs(c.rank() == 4, UNBATCHED);
            return Vision.unfold(
                    new Unfold(
                            c.sizes(1, "kernel_size", 2, 1),
                            c.sizes(4, "stride", 2, 1),
                            c.sizes(3, "padding", 2, 0),
                            c.sizes(2, "dilation", 2, 1)),
                    c.x());
        });
        one("scaled_dot_product_attention", c -> {
            c.without("enable_gqa");
            TorchCall.needs(c.real(-1, "dropout_p", 0) == 0, "random numbers of dropout");
            NDArray mask = c.optional(-1, "attn_mask");
            double scale = c.real(-1, "scale", 1 / Math.sqrt(c.x().shape().dim(c.rank() - 1)));
            ScaledDotProductAttention operator =
                    new ScaledDotProductAttention(scale, c.flag(-1, "is_causal", false), mask != null, 0, true);
            return mask == null
                    ? Dispatch.run(operator, c.x(), c.x(1), c.x(2))[0]
                    : Dispatch.run(operator, c.x(), c.x(1), c.x(2), mask)[0];
        });
    }

    private static NDArray convolution(TorchCall c, int n) {
        TorchCall.needs(c.rank() == n + 2, UNBATCHED);
        List<Long> dilation = c.sizes(5, "dilation", n, 1);
        List<Long> pad;
        if (c.argument(4, "padding") instanceof String name) {
            pad = new ArrayList<>();
            for (int k = 0; k < n; k++) {
                long total = name.equals("valid")
                        ? 0
                        : dilation.get(k) * (c.x(1).shape().dim(k + 2) - 1);
                TorchCall.needs(total % 2 == 0, "uneven borders");
                pad.add(total / 2);
            }
        } else {
            pad = c.sizes(4, "padding", n, 0);
        }
        return Neural.convolution(
                new Convolution(c.sizes(3, "stride", n, 1), pad, dilation, c.integer(6, "groups", 1), Activation.NONE),
                c.x(),
                c.x(1),
                c.optional(2, "bias"));
    }

    private static NDArray transposed(TorchCall c, int n) {
        TorchCall.needs(c.rank() == n + 2, UNBATCHED);
        return Neural.convolutionTranspose(
                new ConvolutionTranspose(
                        c.sizes(3, "stride", n, 1),
                        c.sizes(4, "padding", n, 0),
                        c.sizes(5, "output_padding", n, 0),
                        c.sizes(7, "dilation", n, 1),
                        c.integer(6, "groups", 1)),
                c.x(),
                c.x(1),
                c.optional(2, "bias"));
    }

    private static List<Long> strideOr(TorchCall c, List<Long> kernel, int n) {
        return TorchCall.spread(c.integers(2, "stride", kernel), n);
    }

    private static NDArray averagePool(TorchCall c, int n) {
        TorchCall.needs(c.rank() == n + 2, UNBATCHED);
        List<Long> kernel = c.sizes(1, "kernel_size", n, 1);
        return Neural.avgPool(
                new AvgPool(
                        kernel,
                        strideOr(c, kernel, n),
                        c.sizes(3, "padding", n, 0),
                        c.flag(5, "count_include_pad", true),
                        List.of(),
                        c.flag(4, "ceil_mode", false),
                        c.integer(6, "divisor_override", 0)),
                c.x());
    }

    private static NDArray maxPool(TorchCall c, int n) {
        TorchCall.needs(c.rank() == n + 2, UNBATCHED);
        List<Long> kernel = c.sizes(1, "kernel_size", n, 1);
        return Neural.maxPool(
                new MaxPool(
                        kernel,
                        strideOr(c, kernel, n),
                        c.sizes(3, "padding", n, 0),
                        c.sizes(4, "dilation", n, 1),
                        c.flag(5, "ceil_mode", false)),
                c.x());
    }

    /** Sizes of adaptive pools: a None is the size of the source. */
    private static long[] adaptive(TorchCall c, int n) {
        TorchCall.needs(c.rank() == n + 2, UNBATCHED);
        TorchCall.needs(!c.flag(2, "return_indices", false), "indices of max pooling");
        long[] size = new long[n];
        for (int k = 0; k < n; k++) {
            Object wanted = c.argument(1, "output_size") instanceof List<?> list
                    ? list.get(k % list.size())
                    : c.argument(1, "output_size");
            size[k] = wanted == null ? c.x().shape().dim(k + 2) : ((Number) wanted).longValue();
        }
        return size;
    }

    private static NDArray onesOr(TorchCall c, NDArray given, long size) {
        return given == null ? NDArray.ones(Shape.of(size), c.x().dtype()) : given.reshape(size);
    }

    private static NDArray zerosOr(TorchCall c, NDArray given, long size) {
        return given == null ? NDArray.zeros(Shape.of(size), c.x().dtype()) : given.reshape(size);
    }

    private void normalisations() {
        one("layer_norm", c -> {
            long tail = Arrays.stream(c.longs(1, "normalized_shape")).reduce(1, Math::multiplyExact);
            NDArray gamma = onesOr(c, c.optional(2, "weight"), tail);
            NDArray beta = zerosOr(c, c.optional(3, "bias"), tail);
            return Neural.layerNorm(c.x().reshape(c.x().size() / tail, tail), gamma, beta, c.real(4, "eps", 1e-5))
                    .reshape(c.x().shape());
        });
        one("rms_norm", c -> {
            long tail = Arrays.stream(c.longs(1, "normalized_shape")).reduce(1, Math::multiplyExact);
            NDArray gamma = onesOr(c, c.optional(2, "weight"), tail);
            return Normalisation.rmsNorm(
                            c.x().reshape(c.x().size() / tail, tail), gamma, c.real(3, "eps", Math.ulp(1.0)))
                    .reshape(c.x().shape());
        });
        one("group_norm", c -> {
            long channels = c.x().shape().dim(1);
            return Normalisation.groupNorm(
                    c.x(),
                    onesOr(c, c.optional(2, "weight"), channels),
                    zerosOr(c, c.optional(3, "bias"), channels),
                    c.integer(1, "num_groups", 1),
                    c.real(4, "eps", 1e-5));
        });
        one("instance_norm", c -> {
            TorchCall.needs(c.flag(-1, "use_input_stats", true), "instance norm by running statistics");
            long channels = c.x().shape().dim(1);
            return Normalisation.instanceNorm(
                    c.x(),
                    onesOr(c, c.optional(-1, "weight"), channels),
                    zerosOr(c, c.optional(-1, "bias"), channels),
                    c.real(-1, "eps", 1e-5));
        });
        one("batch_norm", c -> {
            TorchCall.needs(c.rank() > 1, "batch norm of one axis");
            long channels = c.x().shape().dim(1);
            BatchNormOp operator = new BatchNormOp(c.real(7, "eps", 1e-5), 1 - c.real(6, "momentum", 0.1));
            boolean training = c.flag(5, "training", false);
            try (Autograd.Mode mode = training ? Autograd.trainMode() : Autograd.predictMode()) {
                return Dispatch.run(
                        operator,
                        c.x(),
                        onesOr(c, c.optional(3, "weight"), channels),
                        zerosOr(c, c.optional(4, "bias"), channels),
                        zerosOr(c, c.optional(1, "running_mean"), channels),
                        onesOr(c, c.optional(2, "running_var"), channels))[0];
            }
        });
        one("local_response_norm", c -> {
            TorchCall.needs(c.integer(1, "size", 1) % 2 == 1, "local response norm of an even size");
            return Normalisation.localResponseNorm(
                    new LocalResponseNorm(
                            c.integer(1, "size", 1),
                            c.real(2, "alpha", 1e-4),
                            c.real(3, "beta", 0.75),
                            c.real(4, "k", 1)),
                    c.x());
        });
    }

    private void images() {
        one("interpolate", TorchNetworks::interpolate);
        one(
                "grid_sample",
                c -> gridSample(
                        c,
                        c.text(2, "mode", "bilinear"),
                        c.text(3, "padding_mode", "zeros"),
                        c.flag(4, "align_corners", false)));
        adapters.put("grid_sampler_2d", c -> new NDArray[] {
            gridSample(
                    c,
                    List.of("bilinear", "nearest", "bicubic").get((int) c.integer(2, "", 0)),
                    List.of("zeros", "border", "reflection").get((int) c.integer(3, "", 0)),
                    c.flag(4, "align_corners", false))
        });
        one("pixel_shuffle", c -> {
            TorchCall.needs(c.rank() == 4, UNBATCHED);
            long factor = c.integer(1, "upscale_factor", 1);
            return Vision.pixelShuffle(c.x(), factor, factor);
        });
        one("pixel_unshuffle", c -> {
            TorchCall.needs(c.rank() == 4, UNBATCHED);
            long factor = c.integer(1, "downscale_factor", 1);
            return Vision.pixelUnshuffle(c.x(), factor, factor);
        });
    }

    private static NDArray gridSample(TorchCall c, String mode, String padding, boolean align) {
        TorchCall.needs(
                c.rank() == 4 && !mode.equals("bicubic") && !padding.equals("reflection"),
                "grid samples of volumes, cubic ones, reflected borders");
        return Vision.gridSample(
                new GridSample(
                        mode.equals("nearest") ? InterpolationMode.NEAREST : InterpolationMode.LINEAR,
                        padding.equals("border") ? GridPadding.BORDER : GridPadding.ZEROS,
                        align),
                c.x(),
                c.x(1));
    }

    private static NDArray interpolate(TorchCall c) {
        InterpolationMode mode =
                switch (c.text(3, "mode", "nearest")) {
                    case "nearest" -> InterpolationMode.NEAREST;
                    case "nearest-exact" -> InterpolationMode.NEAREST_EXACT;
                    case "area" -> InterpolationMode.AREA;
                    case "linear", "bilinear", "trilinear" -> InterpolationMode.LINEAR;
                    case "bicubic" -> InterpolationMode.CUBIC;
                    default -> throw new Refusal("interpolation " + c.text(3, "mode", ""));
                };
        boolean align = c.flag(4, "align_corners", false);
        int n = c.rank() - 2;
        if (c.has(1, "size")) {
            return Vision.interpolate(
                    new Interpolate(c.sizes(1, "size", n, 1), mode, align, c.flag(-1, "antialias", false)), c.x());
        }
        c.without("antialias");
        TorchCall.needs(c.argument(2, "scale_factor") instanceof Number, "a scale for each axis");
        double scale = c.real(2, "scale_factor", 1);
        TorchCall.needs(scale * c.x().shape().dim(2) % 1 == 0, "scales that are not the ratio of the sizes");
        return Vision.interpolateBy(c.x(), mode, align, scale);
    }

    private void losses() {
        one("cross_entropy", c -> {
            TorchCall.needs(c.real(-1, "label_smoothing", 0) == 0, "argument label_smoothing");
            TorchCall.needs(!c.x(1).dtype().isFloating(), "soft labels");
            TorchCall.needs(c.rank() > 1, UNBATCHED);
            return reduced(c, new SoftmaxCrossEntropy(ignored(c), classWeights(c)));
        });
        one("nll_loss", c -> {
            TorchCall.needs(c.rank() > 1, UNBATCHED);
            return reduced(c, new Nll(ignored(c), classWeights(c)));
        });
        one("binary_cross_entropy_with_logits", c -> {
            c.without("weight", "pos_weight");
            return mean(c, new SigmoidBce().mean(c.x(), c.x(1)));
        });
        one("huber_loss", c -> {
            double delta = c.real(-1, "delta", 1);
            return mean(c, new Huber(delta).mean(c.x(), c.x(1)).mul(delta));
        });
        one("smooth_l1_loss", c -> {
            double beta = c.real(-1, "beta", 1);
            TorchCall.needs(beta != 0, "smooth L1 of beta 0");
            return mean(c, new Huber(beta).mean(c.x(), c.x(1)));
        });
    }

    private static OptionalLong ignored(TorchCall c) {
        return OptionalLong.of(c.integer(-1, "ignore_index", -100));
    }

    private static List<Double> classWeights(TorchCall c) {
        NDArray weight = c.optional(2, "weight");
        return weight == null
                ? List.of()
                : Arrays.stream(weight.toDoubleArray()).boxed().toList();
    }

    private static NDArray reduced(TorchCall c, Loss loss) {
        NDArray scores = c.rank() > 2 ? OnnxNetworks.classesLast(c.x()) : c.x();
        NDArray each = loss.unreduced(scores, c.x(1));
        return switch (c.text(-1, "reduction", "mean")) {
            case "sum" -> each.sum();
            case "none" -> each;
            default -> each.sum().div(loss.weights(scores.shape(), c.x(1)).sum().cast(each.dtype()));
        };
    }

    /** Kiln's losses are means over all but the first axis: only their mean over all is PyTorch's. */
    private static NDArray mean(TorchCall c, NDArray loss) {
        TorchCall.needs(c.text(-1, "reduction", "mean").equals("mean"), "losses of each element, sums");
        return loss;
    }
}
