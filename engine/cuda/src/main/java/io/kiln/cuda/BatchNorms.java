package io.kiln.cuda;

import static jcuda.jcudnn.JCudnn.cudnnBatchNormalizationBackward;
import static jcuda.jcudnn.JCudnn.cudnnBatchNormalizationForwardInference;
import static jcuda.jcudnn.JCudnn.cudnnBatchNormalizationForwardTraining;
import static jcuda.jcudnn.JCudnn.cudnnCreateTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDeriveBNTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyTensorDescriptor;

import java.util.List;
import jcuda.jcudnn.cudnnBatchNormMode;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnTensorDescriptor;

/** Batch normalization of one queue, under whose lock it is used. */
final class BatchNorms {
    private final Cudnn cudnn;
    private final DescriptorCache<Problem, Descriptors> descriptors = new DescriptorCache<>(Descriptors::new);

    BatchNorms(Cudnn cudnn) {
        this.cudnn = cudnn;
    }

    /**
     * The sizes.
     *
     * @param type cuDNN's number of the dtype of x and y; statistics are float64 for float64, float32 otherwise
     * @param batch size of the batch
     * @param channels number of channels
     * @param elements elements of a channel in an example
     * @param channelsLast whether x, y and their gradients have their channels last, rather than row-major order
     * @param persistent whether the mode is the persistent one
     */
    record Problem(int type, int batch, int channels, int elements, boolean channelsLast, boolean persistent)
            implements OrderChoices.Problem<Problem> {
        /** A mode of its own has cuDNN's quicker kernels for one element per channel. */
        int mode() {
            return persistent
                    ? cudnnBatchNormMode.CUDNN_BATCHNORM_SPATIAL_PERSISTENT
                    : elements == 1
                            ? cudnnBatchNormMode.CUDNN_BATCHNORM_PER_ACTIVATION
                            : cudnnBatchNormMode.CUDNN_BATCHNORM_SPATIAL;
        }

        /**
         * The problem of a training step, in both directions. The persistent mode is meant for float16 with channels last. With row-major
         * arrays it may overflow, as it adds scaled integers, and for bfloat16 cuDNN promises nothing of it. Not yet looked at on a GPU.
         */
        Problem training() {
            return new Problem(
                    type,
                    batch,
                    channels,
                    elements,
                    channelsLast,
                    channelsLast && type == cudnnDataType.CUDNN_DATA_HALF);
        }

        /** The persistent mode is the first to go, then the order. */
        @Override
        public Problem instead() {
            return channelsLast ? new Problem(type, batch, channels, elements, persistent, false) : null;
        }
    }

    /** With the statistics of the batch; newMean and newVariance hold the running ones and are moved towards them by factor. */
    void train(Problem p, double epsilon, double factor, Parameters in, Statistics out, long x, long y) {
        Descriptors d = descriptors.of(p);
        Status.checkCudnn(
                cudnnBatchNormalizationForwardTraining(
                        cudnn.handle(),
                        p.mode(),
                        cudnn.one(p.type),
                        cudnn.zero(p.type),
                        d.x,
                        new DevicePointer(x),
                        d.x,
                        new DevicePointer(y),
                        d.statistics,
                        new DevicePointer(in.gamma),
                        new DevicePointer(in.beta),
                        factor,
                        new DevicePointer(out.newMean),
                        new DevicePointer(out.newVariance),
                        epsilon,
                        new DevicePointer(out.mean),
                        new DevicePointer(out.inverse)),
                "cudnnBatchNormalizationForwardTraining of " + p);
    }

    /** With statistics that are given. */
    void predict(Problem p, double epsilon, Parameters in, long mean, long variance, long x, long y) {
        Descriptors d = descriptors.of(p);
        Status.checkCudnn(
                cudnnBatchNormalizationForwardInference(
                        cudnn.handle(),
                        p.mode(),
                        cudnn.one(p.type),
                        cudnn.zero(p.type),
                        d.x,
                        new DevicePointer(x),
                        d.x,
                        new DevicePointer(y),
                        d.statistics,
                        new DevicePointer(in.gamma),
                        new DevicePointer(in.beta),
                        new DevicePointer(mean),
                        new DevicePointer(variance),
                        epsilon),
                "cudnnBatchNormalizationForwardInference of " + p);
    }

    /** The gradient of {@link #train}. */
    void backward(Problem p, double epsilon, Gradients g) {
        Descriptors d = descriptors.of(p);
        Status.checkCudnn(
                cudnnBatchNormalizationBackward(
                        cudnn.handle(),
                        p.mode(),
                        cudnn.one(p.type),
                        cudnn.zero(p.type),
                        cudnn.one(p.type),
                        cudnn.zero(p.type),
                        d.x,
                        new DevicePointer(g.x),
                        d.x,
                        new DevicePointer(g.dy),
                        d.x,
                        new DevicePointer(g.dx),
                        d.statistics,
                        new DevicePointer(g.gamma),
                        new DevicePointer(g.dgamma),
                        new DevicePointer(g.dbeta),
                        epsilon,
                        new DevicePointer(g.mean),
                        new DevicePointer(g.inverse)),
                "cudnnBatchNormalizationBackward of " + p);
    }

    /** Addresses of the parameters. */
    record Parameters(long gamma, long beta) {}

    /** Addresses of the running statistics and of those of the batch. */
    record Statistics(long newMean, long newVariance, long mean, long inverse) {}

    /** Addresses of what the gradient takes and gives. */
    record Gradients(long dy, long x, long gamma, long mean, long inverse, long dx, long dgamma, long dbeta) {}

    void close() {
        descriptors.close();
    }

    private static final class Descriptors implements DescriptorCache.Descriptors {
        final cudnnTensorDescriptor x;
        final cudnnTensorDescriptor statistics = new cudnnTensorDescriptor();

        Descriptors(Problem p) {
            x = Cudnn.tensor(p.type, List.of(p.batch, p.channels, 1, p.elements), p.channelsLast);
            Status.checkCudnn(cudnnCreateTensorDescriptor(statistics), "cudnnCreateTensorDescriptor");
            Status.checkCudnn(
                    cudnnDeriveBNTensorDescriptor(statistics, x, p.mode()), "cudnnDeriveBNTensorDescriptor of " + p);
        }

        @Override
        public void close() {
            cudnnDestroyTensorDescriptor(x);
            cudnnDestroyTensorDescriptor(statistics);
        }
    }
}
