package io.kiln.nn;

import io.kiln.init.Initializer;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.Role;
import io.kiln.op.activation.Activation;
import io.kiln.op.activation.Relu;
import io.kiln.op.activation.Sigmoid;
import io.kiln.op.math.Tanh;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;

/**
 * A convolution layer, or a transposed one, in one to three dimensions, built by {@link Conv1D}, {@link Conv2D} and
 * {@link Conv3D}. Formulas and sizes are those of {@link Convolution} and {@link ConvolutionTranspose}. Shapes:
 * x[N,C,spatial…], weight[channels,C/groups,kernel…] (transposed: [C,channels/groups,kernel…]), bias[channels],
 * y[N,channels,spatial…].
 */
public final class Conv extends Block {
    private final Builder settings;
    private final FormedWeight weight;
    private final Parameter bias;

    private Conv(Builder settings) {
        this.settings = settings;
        weight = new FormedWeight(settings.weightForm, settings.weightInitializer, this::addParameter);
        bias = settings.useBias ? addParameter(new Parameter("bias", Role.BIAS, settings.biasInitializer)) : null;
    }

    @Override
    public NDArray forward(NDArray x) {
        int rank = settings.kernel.size() + 2;
        if (x.shape().rank() != rank) {
            throw new ShapeException(
                    "conv" + (rank - 2) + "d: expected x[N,C," + (rank - 2) + " spatial axes], got x" + x.shape());
        }
        long channels = x.shape().dim(1);
        if (channels == Shape.UNKNOWN || channels % settings.groups != 0) {
            throw new ShapeException("conv" + (rank - 2) + "d: the channels of x must be known and divisible by groups="
                    + settings.groups + ", got x" + x.shape());
        }
        long out = settings.transposed ? channels : settings.channels;
        long in = settings.transposed ? settings.channels : channels;
        long[] w = new long[rank];
        w[0] = out;
        w[1] = in / settings.groups;
        for (int i = 2; i < rank; i++) {
            w[i] = settings.kernel.get(i - 2);
        }
        NDArray kernel = weight.data(Shape.of(w));
        Operator operator = operator();
        NDArray y = bias == null
                ? Dispatch.one(operator, x, kernel)
                : Dispatch.one(
                        operator,
                        x,
                        kernel,
                        bias.complete(Shape.of(settings.channels)).data());
        return settings.transposed ? activate(y) : y;
    }

    private Operator operator() {
        return settings.transposed
                ? new ConvolutionTranspose(
                        settings.stride, settings.pad, settings.outputPad, settings.dilation, settings.groups)
                : new Convolution(
                        settings.stride, settings.pad, settings.dilation, settings.groups, settings.activation);
    }

    private NDArray activate(NDArray y) {
        return switch (settings.activation) {
            case NONE -> y;
            case RELU -> Dispatch.one(new Relu(), y);
            case SIGMOID -> Dispatch.one(new Sigmoid(), y);
            case TANH -> Dispatch.one(new Tanh(), y);
        };
    }

    /** The settings of a layer. Sizes are given once for all spatial axes, or one per axis. */
    public static final class Builder {
        private final int axes;
        private final boolean transposed;
        private long channels;
        private List<Long> kernel;
        private List<Long> stride;
        private List<Long> pad;
        private List<Long> outputPad;
        private List<Long> dilation;
        private long groups = 1;
        private Activation activation = Activation.NONE;
        private boolean useBias = true;
        private WeightForm weightForm = WeightForm.PLAIN;
        private Initializer weightInitializer = Initializer.defaultFor(Role.WEIGHT);
        private Initializer biasInitializer = Initializer.defaultFor(Role.BIAS);

        Builder(int axes, boolean transposed) {
            this.axes = axes;
            this.transposed = transposed;
            stride = perAxis("stride", 1, 1);
            pad = perAxis("pad", 0, 0);
            outputPad = perAxis("outputPad", 0, 0);
            dilation = perAxis("dilation", 1, 1);
        }

        private List<Long> perAxis(String name, long least, long... values) {
            if (values.length != 1 && values.length != axes
                    || LongStream.of(values).anyMatch(v -> v < least)) {
                throw new IllegalArgumentException(
                        "conv" + axes + "d: " + name + " needs 1 or " + axes + " sizes of at least " + least + ", got "
                                + LongStream.of(values).boxed().toList());
            }
            return values.length == axes
                    ? LongStream.of(values).boxed().toList()
                    : List.copyOf(Collections.nCopies(axes, values[0]));
        }

        /**
         * Sets the number of output channels; required.
         *
         * @param value at least 1
         * @return this builder
         */
        public Builder channels(long value) {
            channels = value;
            return this;
        }

        /**
         * Sets the size of the window; required.
         *
         * @param sizes one size, or one per spatial axis
         * @return this builder
         */
        public Builder kernel(long... sizes) {
            kernel = perAxis("kernel", 1, sizes);
            return this;
        }

        /**
         * Sets the step of the window; 1 by default.
         *
         * @param sizes one size, or one per spatial axis
         * @return this builder
         */
        public Builder stride(long... sizes) {
            stride = perAxis("stride", 1, sizes);
            return this;
        }

        /**
         * Sets the number of zeros before and after the data; 0 by default.
         *
         * @param sizes one size, or one per spatial axis
         * @return this builder
         */
        public Builder pad(long... sizes) {
            pad = perAxis("pad", 0, sizes);
            return this;
        }

        /**
         * Sets what a transposed convolution adds to the output's size; 0 by default.
         *
         * @param sizes one size, or one per spatial axis
         * @return this builder
         */
        public Builder outputPad(long... sizes) {
            if (!transposed) {
                throw new IllegalArgumentException(
                        "conv" + axes + "d: outputPad belongs to transposed convolutions, take transposedBuilder");
            }
            outputPad = perAxis("outputPad", 0, sizes);
            return this;
        }

        /**
         * Sets the distance between the window's elements; 1 by default.
         *
         * @param sizes one size, or one per spatial axis
         * @return this builder
         */
        public Builder dilation(long... sizes) {
            dilation = perAxis("dilation", 1, sizes);
            return this;
        }

        /**
         * Sets the number of groups of channels that are convolved separately; 1 by default.
         *
         * @param value at least 1
         * @return this builder
         */
        public Builder groups(long value) {
            groups = value;
            return this;
        }

        /**
         * Sets the activation applied to the sum; none by default.
         *
         * @param value the activation
         * @return this builder
         */
        public Builder activation(Activation value) {
            activation = value;
            return this;
        }

        /**
         * Sets whether to add a bias; true by default.
         *
         * @param value true or false
         * @return this builder
         */
        public Builder useBias(boolean value) {
            useBias = value;
            return this;
        }

        /**
         * Sets how the weight is computed from parameters; plain by default.
         *
         * @param value the form
         * @return this builder
         */
        public Builder weightForm(WeightForm value) {
            weightForm = value;
            return this;
        }

        /**
         * Sets the initializer of the weight.
         *
         * @param value the initializer
         * @return this builder
         */
        public Builder weightInitializer(Initializer value) {
            weightInitializer = value;
            return this;
        }

        /**
         * Sets the initializer of the bias.
         *
         * @param value the initializer
         * @return this builder
         */
        public Builder biasInitializer(Initializer value) {
            biasInitializer = value;
            return this;
        }

        /**
         * Creates the layer.
         *
         * @return the layer
         * @throws IllegalArgumentException if channels or kernel are missing, or groups do not divide the channels
         */
        public Conv build() {
            if (channels < 1 || kernel == null || groups < 1 || channels % groups != 0) {
                throw new IllegalArgumentException("conv" + axes + "d: needs channels >= 1, a kernel, and groups that"
                        + " divide the channels, got channels " + channels + ", kernel " + kernel + ", groups "
                        + groups);
            }
            return new Conv(copy());
        }

        private Builder copy() {
            Builder b = new Builder(axes, transposed);
            b.channels = channels;
            b.kernel = kernel;
            b.stride = stride;
            b.pad = pad;
            b.outputPad = outputPad;
            b.dilation = dilation;
            b.groups = groups;
            b.activation = activation;
            b.useBias = useBias;
            b.weightForm = weightForm;
            b.weightInitializer = weightInitializer;
            b.biasInitializer = biasInitializer;
            return b;
        }
    }
}
