package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.values;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.distributed.CrossWorkerSum;
import io.kiln.op.distributed.SyncBatchNormOp;
import io.kiln.op.internal.BatchNormGradient;
import io.kiln.op.internal.LayerNormGradient;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.LayerNormOp;
import java.util.List;

/** Rows of batch and layer normalisation and their gradients. */
final class NormalisationRows {
    private static final double EPSILON = 1e-3;

    private NormalisationRows() {}

    static List<Row> rows() {
        return List.of(
                batchNorm(true, "[0, 2, 3]").on(batch(2, 3, 2, 4)).on(batch(7, 17, 5, 3)),
                batchNorm(true, "[0]").on(batch(5, 3)),
                batchNorm(false, "[0, 2, 3]").on(batch(2, 3, 2, 4)).on(batch(7, 17, 5, 3)),
                batchNorm(false, "[0]").on(batch(5, 3)).on(batch(0, 3)),
                syncBatchNorm(true, "[0, 2, 3]").on(batch(2, 3, 2, 4)).on(batch(7, 17, 5, 3)),
                syncBatchNorm(false, "[0]").on(batch(5, 3)),
                Row.of(new CrossWorkerSum())
                        .torch("torch.clone(x0)")
                        .on(real(-2, 2, 3, 4))
                        .on(real(-2, 2, 0, 4)),
                batchNormGradient(true),
                batchNormGradient(false),
                Row.of(new LayerNormOp(EPSILON))
                        .torch(
                                "torch.layer_norm(x0, [torch.size(x0)[-1]], x1, x2, " + EPSILON + ")",
                                "torch.mean(x0, [-1], True)",
                                "torch.rsqrt(torch.var(x0, [-1], correction=0, keepdim=True) + " + EPSILON + ")")
                        .gradientOf(1)
                        .slack(8)
                        .on(real(-2, 2, 3, 5), real(0.5, 2, 5), real(-1, 1, 5))
                        .on(real(-2, 2, 2, 3, 4), real(0.5, 2, 4), real(-1, 1, 4))
                        .on(real(-2, 2, 6), real(0.5, 2, 6), real(-1, 1, 6))
                        .on(real(-2, 2, 0, 4), real(0.5, 2, 4), real(-1, 1, 4))
                        .on(real(-2, 2, 33, 129), real(0.5, 2, 129), real(-1, 1, 129)),
                layerNormGradient());
    }

    private static Argument[] batch(long... dims) {
        return new Argument[] {
            real(-2, 2, dims),
            real(0.5, 2, dims[1]),
            real(-1, 1, dims[1]),
            real(-1, 1, dims[1]).constant(),
            real(0.5, 2, dims[1]).constant()
        };
    }

    private static Row batchNorm(boolean training, String axes) {
        String mean = "torch.mean(x0, " + axes + ")";
        String variance = "torch.var(x0, " + axes + ", correction=0, keepdim=False)";
        String unbiased = "torch.var(x0, " + axes + ", correction=1, keepdim=False)";
        String y = "torch.batch_norm(x0, x1, x2, torch.clone(x3), torch.clone(x4), " + (training ? "True" : "False")
                + ", 0.1, " + EPSILON + ", False)";
        Row row = Row.of(new BatchNormOp(EPSILON, 0.9)).gradientOf(1).slack(8);
        return training
                ? row.training()
                        .torch(
                                y,
                                "x3 * 0.9 + " + mean + " * 0.1",
                                "x4 * 0.9 + " + unbiased + " * 0.1",
                                mean,
                                "torch.rsqrt(" + variance + " + " + EPSILON + ")")
                : row.torch(y, "torch.clone(x3)", "torch.clone(x4)");
    }

    /** Of a worker alone. */
    private static Row syncBatchNorm(boolean training, String axes) {
        Row plain = batchNorm(training, axes);
        Row row = Row.of(new SyncBatchNormOp(EPSILON, 0.9)).gradientOf(1).slack(8);
        return (training ? row.training() : row).torch(plain.torch().toArray(String[]::new));
    }

    /** The statistics must be those of x, so x is fixed and they are computed here. */
    private static Row batchNormGradient(boolean training) {
        int n = 2;
        int channels = 3;
        int size = 4;
        double[] x = real(-2, 2, n, channels, size).sample(DType.FLOAT64, 0).values();
        double[] mean = new double[channels];
        double[] inverse = new double[channels];
        for (int c = 0; c < channels; c++) {
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < n * size; i++) {
                double v = x[(i / size * channels + c) * size + i % size];
                sum += v;
                squares += v * v;
            }
            mean[c] = sum / (n * size);
            inverse[c] = 1 / Math.sqrt(squares / (n * size) - mean[c] * mean[c] + EPSILON);
        }
        String normal = "((x1 - torch.reshape(x3, [1, 3, 1])) * torch.reshape(x4, [1, 3, 1]))";
        String dbeta = "torch.sum(x0, [0, 2])";
        String dgamma = "torch.sum(x0 * " + normal + ", [0, 2])";
        String share = "(torch.reshape(" + dbeta + ", [1, 3, 1]) + " + normal + " * torch.reshape(" + dgamma
                + ", [1, 3, 1])) / 8";
        String g = training ? "(x0 - " + share + ")" : "x0";
        return Row.of(new BatchNormGradient(EPSILON, training))
                .torch(g + " * torch.reshape(x2 * x4, [1, 3, 1])", dgamma, dbeta)
                .slack(8)
                .forwardOn(
                        real(-2, 2, n, channels, size),
                        values(Shape.of(n, channels, size), x),
                        real(0.5, 2, channels),
                        values(Shape.of(channels), mean),
                        values(Shape.of(channels), inverse));
    }

    private static Row layerNormGradient() {
        int rows = 3;
        int n = 5;
        double[] x = real(-2, 2, rows, n).sample(DType.FLOAT64, 0).values();
        double[] mean = new double[rows];
        double[] inverse = new double[rows];
        for (int r = 0; r < rows; r++) {
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < n; i++) {
                sum += x[r * n + i];
                squares += x[r * n + i] * x[r * n + i];
            }
            mean[r] = sum / n;
            inverse[r] = 1 / Math.sqrt(squares / n - mean[r] * mean[r] + EPSILON);
        }
        String normal = "((x1 - x3) * x4)";
        String g = "(x0 * x2)";
        return Row.of(new LayerNormGradient(EPSILON))
                .torch(
                        "x4 * (" + g + " - torch.mean(" + g + ", [-1], True) - " + normal + " * torch.mean(" + g + " * "
                                + normal + ", [-1], True))",
                        "torch.sum(x0 * " + normal + ", [0])",
                        "torch.sum(x0, [0])")
                .slack(8)
                .forwardOn(
                        real(-2, 2, rows, n),
                        values(Shape.of(rows, n), x),
                        real(0.5, 2, n),
                        values(Shape.of(rows, 1), mean),
                        values(Shape.of(rows, 1), inverse));
    }
}
