package io.kiln.kernels;

import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.internal.AvgPoolGradient;
import io.kiln.op.internal.ConvolutionWeightGradient;
import io.kiln.op.internal.MaxPoolGather;
import io.kiln.op.internal.MaxPoolGradient;
import io.kiln.op.internal.Window;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import io.kiln.op.nn.Fold;
import io.kiln.op.nn.MaxPool;
import io.kiln.op.nn.Unfold;
import io.kiln.op.reduce.Sum;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.Collections;
import java.util.List;

/** Convolutions and pooling with windows of one to three axes, in {@code convolution.cl} and {@code pool.cl}. */
final class WindowKernels {
    private static final int AXES = 3;
    private static final int GROUP = 64;
    private static final String MAIN = "convolution.cl";
    private static final String POOL = "pool.cl";
    private static final PointwiseProgram RELU =
            PointwiseProgram.of(Expr.input(0).max(0));
    private static final PointwiseProgram SIGMOID =
            PointwiseProgram.of(Expr.input(0).sigmoid());
    private static final PointwiseProgram TANH =
            PointwiseProgram.of(Expr.input(0).tanh());

    private final Kernels kernels;

    WindowKernels(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Adds the kernels. */
    void contribute(KernelTable table) {
        table.add(Convolution.class, this::convolution);
        table.add(ConvolutionTranspose.class, this::transposed);
        table.add(ConvolutionWeightGradient.class, this::weightGradient);
        table.add(MaxPool.class, this::maxPool);
        table.add(MaxPoolGradient.class, this::maxPoolGradient);
        table.add(MaxPoolGather.class, this::maxPoolGather);
        table.add(AvgPool.class, this::average);
        table.add(AvgPoolGradient.class, this::averageGradient);
        table.add(Unfold.class, this::unfold);
        table.add(Fold.class, this::fold);
    }

    private KernelPlan convolution(Operator operator, Layout[] in, Spec... out) {
        Convolution c = (Convolution) operator;
        Shape w = in[1].shape();
        Parameters p = new Parameters(in[0].shape().dim(0), c.groups(), w.dim(1), w.dim(0) / c.groups());
        return p.sizes(in[0].shape(), out[0].shape(), spatial(w))
                        .window(c.stride(), c.pad(), c.dilation())
                        .isTooLarge()
                ? null
                : plan(p, "convolution", out[0], c.activation());
    }

    private KernelPlan transposed(Operator operator, Layout[] in, Spec... out) {
        ConvolutionTranspose c = (ConvolutionTranspose) operator;
        Shape w = in[1].shape();
        Parameters p = new Parameters(in[0].shape().dim(0), c.groups(), w.dim(1), w.dim(0) / c.groups());
        return p.sizes(out[0].shape(), in[0].shape(), spatial(w))
                        .window(c.stride(), c.pad(), c.dilation())
                        .isTooLarge()
                ? null
                : plan(p, "transposed", out[0], Activation.NONE);
    }

    private KernelPlan plan(Parameters p, String kernel, Spec y, Activation activation) {
        String macros = macros(y.dtype());
        return KernelPlan.rowMajor((in, out, workspace) -> {
            if (out[0].size() == 0) {
                return;
            }
            boolean bias = in.length > 2;
            NDArray b = !bias || in[2].isContiguous() && in[2].dtype() == y.dtype() ? null : plain(in[2], y.dtype());
            NDArray third = b != null ? b : bias ? in[2] : in[1];
            long[] q = p.of(in[0], in[1], third, out[0]);
            q[Parameters.FLAGS] = bias ? 1 : 0;
            window(MAIN, macros, kernel, out[0].size(), in[0], in[1], third, out[0], q);
            if (b != null) {
                b.close();
            }
            activate(activation, out[0]);
        });
    }

    private static NDArray plain(NDArray x, DType dtype) {
        NDArray y = NDArray.empty(x.backend(), Layout.rowMajor(new Spec(x.shape(), dtype)));
        InPlace.run(PointwiseProgram.of(Expr.input(0)), new NDArray[] {x}, new NDArray[] {y});
        return y;
    }

    private void activate(Activation activation, NDArray y) {
        PointwiseProgram program =
                switch (activation) {
                    case NONE -> null;
                    case RELU -> RELU;
                    case SIGMOID -> SIGMOID;
                    case TANH -> TANH;
                };
        if (program != null) {
            kernels.run(program, new NDArray[] {y}, new NDArray[] {y});
        }
    }

    private KernelPlan weightGradient(Operator operator, Layout[] in, Spec... out) {
        ConvolutionWeightGradient c = (ConvolutionWeightGradient) operator;
        Shape x = in[0].shape();
        Shape g = in[1].shape();
        Parameters p = new Parameters(x.dim(0), c.groups(), x.dim(1) / c.groups(), g.dim(1) / c.groups());
        if (p.sizes(x, g, c.kernel()).window(c.stride(), c.pad(), c.dilation()).isTooLarge()
                || in[0].dtype() != in[1].dtype()) {
            return null;
        }
        String macros = macros(out[0].dtype());
        return KernelPlan.rowMajor((given, results, workspace) -> {
            long[] q = p.of(given[0], given[1], given[1], results[0]);
            if (results[0].size() > 0) {
                long items = results[0].size() * GROUP;
                window(MAIN, macros, "weight_gradient", items, given[0], given[1], results[0], q);
            }
            if (c.bias()) {
                Sum sum = new Sum(ReductionKernels.allButChannels(given[1]), false);
                Dispatch.into(sum, new NDArray[] {given[1]}, results[1]);
            }
        });
    }

    private KernelPlan maxPool(Operator operator, Layout[] in, Spec... out) {
        MaxPool o = (MaxPool) operator;
        Parameters p = pool(in[0].shape(), out[0].shape(), o.kernel(), o.stride(), o.pad(), o.dilation());
        if (p.isTooLarge()) {
            return null;
        }
        boolean last = ChannelsLast.isKept(in[0]);
        String macros = poolMacros(in[0].dtype(), out[1].dtype(), last);
        return new KernelPlan(ChannelsLast.strides(last, out), 0, (given, results, workspace) -> {
            long[] q = p.of(given[0], given[0], results[0], results[1]);
            pool(macros, "max_pool", results[0].size(), given[0], results[0], results[1], q);
        });
    }

    private KernelPlan maxPoolGradient(Operator operator, Layout[] in, Spec... out) {
        MaxPoolGradient o = (MaxPoolGradient) operator;
        Parameters p = pool(out[0].shape(), in[0].shape(), o.kernel(), o.stride(), o.pad(), o.dilation());
        return chosen(p, "max_pool_gradient", in, out);
    }

    private KernelPlan maxPoolGather(Operator operator, Layout[] in, Spec... out) {
        MaxPoolGather o = (MaxPoolGather) operator;
        Parameters p = pool(in[0].shape(), out[0].shape(), o.kernel(), o.stride(), o.pad(), o.dilation());
        return chosen(p, "max_pool_gather", in, out);
    }

    private KernelPlan chosen(Parameters p, String kernel, Layout[] in, Spec... out) {
        if (p.isTooLarge() || in[1].dtype() != DType.UINT8 && in[1].dtype() != DType.INT32) {
            return null;
        }
        boolean last = ChannelsLast.isKept(in[0]);
        String macros = poolMacros(in[0].dtype(), in[1].dtype(), last);
        return new KernelPlan(ChannelsLast.strides(last, out), 0, (given, results, workspace) -> {
            long[] q = p.of(given[0], given[1], given[1], results[0]);
            pool(macros, kernel, results[0].size(), given[0], given[1], results[0], q);
        });
    }

    private KernelPlan average(Operator operator, Layout[] in, Spec... out) {
        AvgPool o = (AvgPool) operator;
        Parameters p = pool(in[0].shape(), out[0].shape(), o.kernel(), o.stride(), o.pad(), o.dilation());
        return average(p, "average_pool", in[0], o.countPad(), o.divisor(), out);
    }

    private KernelPlan averageGradient(Operator operator, Layout[] in, Spec... out) {
        AvgPoolGradient o = (AvgPoolGradient) operator;
        Parameters p = pool(out[0].shape(), in[0].shape(), o.kernel(), o.stride(), o.pad(), o.dilation());
        return average(p, "average_pool_gradient", in[0], o.countPad(), o.divisor(), out);
    }

    private KernelPlan average(Parameters p, String kernel, Layout x, boolean countPad, long divisor, Spec... out) {
        if (p.isTooLarge()) {
            return null;
        }
        boolean last = ChannelsLast.isKept(x);
        String macros = poolMacros(x.dtype(), DType.UINT8, last);
        return new KernelPlan(ChannelsLast.strides(last, out), 0, (given, results, workspace) -> {
            long[] q = p.of(given[0], given[0], given[0], results[0]);
            q[Parameters.FLAGS] = countPad ? 1 : 0;
            q[Parameters.DIVISOR] = divisor;
            pool(macros, kernel, results[0].size(), given[0], results[0], q);
        });
    }

    private KernelPlan unfold(Operator operator, Layout[] in, Spec... out) {
        Unfold o = (Unfold) operator;
        return columns(in[0].shape(), "unfold", in[0].dtype(), o.kernel(), o.stride(), o.pad(), o.dilation());
    }

    private KernelPlan fold(Operator operator, Layout[] in, Spec... out) {
        Fold o = (Fold) operator;
        return columns(out[0].shape(), "fold", in[0].dtype(), o.kernel(), o.stride(), o.pad(), o.dilation());
    }

    private KernelPlan columns(
            Shape image,
            String kernel,
            DType dtype,
            List<Long> window,
            List<Long> stride,
            List<Long> pad,
            List<Long> dilation) {
        Shape windows = Window.slide(kernel, image, image.dim(1), window, stride, pad, dilation);
        Parameters p = pool(image, windows, window, stride, pad, dilation);
        String macros = poolMacros(dtype, DType.UINT8, false);
        return p.isTooLarge()
                ? null
                : KernelPlan.rowMajor((given, results, workspace) -> {
                    long[] q = p.of(given[0], given[0], given[0], results[0]);
                    pool(macros, kernel, results[0].size(), given[0], results[0], q);
                });
    }

    private static Parameters pool(
            Shape large, Shape small, List<Long> kernel, List<Long> stride, List<Long> pad, List<Long> dilation) {
        return new Parameters(large.dim(0), 1, large.dim(1), large.dim(1))
                .sizes(large, small, kernel)
                .window(stride, pad, dilation);
    }

    private void pool(String macros, String kernel, long size, Object... arguments) {
        if (size > 0) {
            window(POOL, macros, kernel, size, arguments);
        }
    }

    private void window(String file, String macros, String kernel, long items, Object... arguments) {
        String source =
                kernels.programs().resource("window.h") + kernels.programs().resource(file);
        kernels.programs().ofSource(source, macros, kernel).run(kernels.items(items), new long[] {GROUP}, arguments);
    }

    private static String macros(DType dtype) {
        return ComputeType.of(dtype).macros() + " -DTYPE=" + dtype.ordinal();
    }

    /** The result is walked in its order in memory. */
    private static String poolMacros(DType dtype, DType taps, boolean channelsLast) {
        return macros(dtype) + " -DTAP_TYPE=" + taps.ordinal() + " -DCHANNELS_LAST=" + (channelsLast ? 1 : 0);
    }

    private static List<Long> spatial(Shape w) {
        return java.util.Arrays.stream(w.dims()).skip(2).boxed().toList();
    }

    /** The struct of {@code window.h}. */
    private static final class Parameters {
        private static final int LARGE = 4;
        private static final int SMALL = LARGE + AXES;
        private static final int KERNEL = SMALL + AXES;
        private static final int STRIDE = KERNEL + AXES;
        private static final int PAD = STRIDE + AXES;
        private static final int DILATION = PAD + AXES;
        private static final int STARTS = DILATION + AXES;
        private static final int X_STRIDES = STARTS + 4;
        private static final int W_STRIDES = X_STRIDES + AXES + 2;
        static final int FLAGS = W_STRIDES + AXES + 2;
        static final int DIVISOR = FLAGS + 1;

        private final long[] p = new long[DIVISOR + 1];
        private int axes;

        Parameters(long batch, long groups, long largeChannels, long smallChannels) {
            p[0] = batch;
            p[1] = groups;
            p[2] = largeChannels;
            p[3] = smallChannels;
        }

        Parameters sizes(Shape large, Shape small, List<Long> kernel) {
            axes = kernel.size();
            fill(LARGE, spatial(large), 1);
            fill(SMALL, spatial(small), 1);
            fill(KERNEL, kernel, 1);
            return this;
        }

        Parameters window(List<Long> stride, List<Long> pad, List<Long> dilation) {
            fill(STRIDE, stride, 1);
            fill(PAD, pad, 0);
            fill(DILATION, dilation, 1);
            return this;
        }

        boolean isTooLarge() {
            return axes > AXES;
        }

        private void fill(int at, List<Long> values, long missing) {
            List<Long> all = values.size() > AXES ? Collections.nCopies(AXES, missing) : values;
            for (int i = 0; i < AXES; i++) {
                int from = i - (AXES - all.size());
                p[at + i] = from < 0 ? missing : all.get(from);
            }
        }

        /** The parameters for arrays: strides of the first two, starts of all. */
        long[] of(NDArray x, NDArray w, NDArray third, NDArray fourth) {
            long[] q = p.clone();
            q[STARTS] = Grid.start(x);
            q[STARTS + 1] = Grid.start(w);
            q[STARTS + 2] = Grid.start(third);
            q[STARTS + 3] = Grid.start(fourth);
            strides(q, X_STRIDES, x);
            strides(q, W_STRIDES, w);
            return q;
        }

        private void strides(long[] q, int at, NDArray x) {
            long[] own = x.strides();
            q[at] = own[0];
            q[at + 1] = own[1];
            for (int i = 2; i < own.length; i++) {
                q[at + 2 + AXES - own.length + i] = own[i];
            }
        }
    }
}
