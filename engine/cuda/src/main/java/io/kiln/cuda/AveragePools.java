package io.kiln.cuda;

import static jcuda.jcudnn.JCudnn.cudnnCreatePoolingDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyPoolingDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnPoolingBackward;
import static jcuda.jcudnn.JCudnn.cudnnPoolingForward;
import static jcuda.jcudnn.JCudnn.cudnnSetPoolingNdDescriptor;

import java.util.List;
import jcuda.jcudnn.cudnnNanPropagation;
import jcuda.jcudnn.cudnnPoolingDescriptor;
import jcuda.jcudnn.cudnnPoolingMode;
import jcuda.jcudnn.cudnnTensorDescriptor;

/** Average pooling of one queue, under whose lock it is used. */
final class AveragePools {
    private final Cudnn cudnn;
    private final DescriptorCache<Problem, Descriptors> descriptors = new DescriptorCache<>(Descriptors::new);

    AveragePools(Cudnn cudnn) {
        this.cudnn = cudnn;
    }

    /**
     * A pooling from x to y, with sizes in cuDNN's terms.
     *
     * @param type cuDNN's number of the dtype of both
     * @param x shape of the data
     * @param y shape of the result
     * @param window sizes of the window
     * @param pad zeros before the first and after the last element
     * @param stride steps of the window
     * @param countPad whether the divisor counts the padding
     * @param channelsLast whether both arrays have their channels last, rather than row-major order
     */
    record Problem(
            int type,
            List<Integer> x,
            List<Integer> y,
            List<Integer> window,
            List<Integer> pad,
            List<Integer> stride,
            boolean countPad,
            boolean channelsLast)
            implements OrderChoices.Problem<Problem> {
        /** The problem; null where cuDNN does not take the sizes, or would compute a y of others, as it knows no ceil mode. */
        static Problem of(
                int type,
                long[] x,
                long[] y,
                List<Long> window,
                List<Long> pad,
                List<Long> stride,
                boolean countPad,
                boolean channelsLast) {
            if (!CudnnSizes.areInRange(x) || !CudnnSizes.areInRange(y)) {
                return null;
            }
            int axes = window.size();
            Problem problem = new Problem(
                    type,
                    CudnnSizes.of(x),
                    CudnnSizes.of(y),
                    CudnnSizes.window(window, axes, 1),
                    CudnnSizes.window(pad, axes, 0),
                    CudnnSizes.window(stride, axes, 1),
                    countPad,
                    channelsLast);
            return problem.isConsistent() ? problem : null;
        }

        @Override
        public Problem instead() {
            return channelsLast ? new Problem(type, x, y, window, pad, stride, countPad, false) : null;
        }

        private boolean isConsistent() {
            for (int d = 0; d < window.size(); d++) {
                int at = d + CudnnSizes.CHANNELS;
                long room = x.get(at) + 2L * pad.get(d) - window.get(d);
                if (pad.get(d) >= window.get(d) || room < 0 || room / stride.get(d) + 1 != y.get(at)) {
                    return false;
                }
            }
            return true;
        }
    }

    /** Writes the averages of x's windows to y. */
    void forward(Problem problem, long x, long y) {
        Descriptors d = descriptors.of(problem);
        Status.checkCudnn(
                cudnnPoolingForward(
                        cudnn.handle(),
                        d.pooling,
                        cudnn.one(problem.type),
                        d.x,
                        new DevicePointer(x),
                        cudnn.zero(problem.type),
                        d.y,
                        new DevicePointer(y)),
                "cudnnPoolingForward of " + problem);
    }

    /** Spreads dy over x's windows. cuDNN asks for x and y too, of which an average's gradient takes nothing: it gets dx and dy again. */
    void backward(Problem problem, long dy, long dx) {
        Descriptors d = descriptors.of(problem);
        Status.checkCudnn(
                cudnnPoolingBackward(
                        cudnn.handle(),
                        d.pooling,
                        cudnn.one(problem.type),
                        d.y,
                        new DevicePointer(dy),
                        d.y,
                        new DevicePointer(dy),
                        d.x,
                        new DevicePointer(dx),
                        cudnn.zero(problem.type),
                        d.x,
                        new DevicePointer(dx)),
                "cudnnPoolingBackward of " + problem);
    }

    void close() {
        descriptors.close();
    }

    private static final class Descriptors implements DescriptorCache.Descriptors {
        final cudnnPoolingDescriptor pooling = new cudnnPoolingDescriptor();
        final cudnnTensorDescriptor x;
        final cudnnTensorDescriptor y;

        Descriptors(Problem p) {
            x = Cudnn.tensor(p.type, p.x, p.channelsLast);
            y = Cudnn.tensor(p.type, p.y, p.channelsLast);
            Status.checkCudnn(cudnnCreatePoolingDescriptor(pooling), "cudnnCreatePoolingDescriptor");
            Status.checkCudnn(
                    cudnnSetPoolingNdDescriptor(
                            pooling,
                            p.countPad
                                    ? cudnnPoolingMode.CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING
                                    : cudnnPoolingMode.CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING,
                            cudnnNanPropagation.CUDNN_PROPAGATE_NAN,
                            p.window.size(),
                            Cudnn.ints(p.window),
                            Cudnn.ints(p.pad),
                            Cudnn.ints(p.stride)),
                    "cudnnSetPoolingNdDescriptor of " + p);
        }

        @Override
        public void close() {
            cudnnDestroyPoolingDescriptor(pooling);
            cudnnDestroyTensorDescriptor(x);
            cudnnDestroyTensorDescriptor(y);
        }
    }
}
