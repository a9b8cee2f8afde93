package io.kiln.nn.rnn;

import io.kiln.init.Initializer;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Parameter;
import io.kiln.op.Dispatch;
import io.kiln.op.Role;
import io.kiln.op.activation.Activation;
import io.kiln.op.nn.Convolution;
import java.util.Collections;
import java.util.List;

/**
 * A recurrent cell whose products are convolutions (Shi et al. 2015), in one to three dimensions: x[N,C,spatial…], states and
 * output [N,channels,spatial…]. The convolution of the states keeps their size: its kernel is odd and padded by half. Parameters:
 * {@code i2h_weight} [gates·channels,C,kernel…], {@code h2h_weight} [gates·channels,channels,kernel…], {@code i2h_bias} and
 * {@code h2h_bias} [gates·channels].
 */
public abstract sealed class ConvCell extends RecurrentCell permits ConvLstmCell, ConvGruCell, ConvRnnCell {
    private final long gates;
    private final Settings settings;
    private final Convolution onInput;
    private final Convolution onState;
    private final Parameter i2hWeight = parameter("i2h_weight", Role.WEIGHT);
    private final Parameter h2hWeight = parameter("h2h_weight", Role.WEIGHT);
    private final Parameter i2hBias = parameter("i2h_bias", Role.BIAS);
    private final Parameter h2hBias = parameter("h2h_bias", Role.BIAS);

    /**
     * The settings of a convolutional cell.
     *
     * @param channels channels of the states
     * @param inputKernel kernel of the inputs' convolution, one size per spatial axis
     * @param inputPad zeros on each side of the inputs, one number per spatial axis
     * @param stateKernel kernel of the states' convolution, odd
     */
    public record Settings(long channels, List<Long> inputKernel, List<Long> inputPad, List<Long> stateKernel) {
        /** Checks the sizes. */
        public Settings {
            int axes = inputKernel.size();
            if (channels < 1 || axes < 1 || axes > 3 || inputPad.size() != axes || stateKernel.size() != axes) {
                throw new IllegalArgumentException(
                        "convCell: needs channels >= 1 and one size per spatial axis (1 to 3) of"
                                + " inputKernel, inputPad and stateKernel; got " + channels + ", " + inputKernel + ", "
                                + inputPad
                                + ", " + stateKernel);
            }
            if (stateKernel.stream().anyMatch(k -> k % 2 != 1)) {
                throw new IllegalArgumentException(
                        "convCell: the states keep their size, so their kernel must be odd; got " + stateKernel);
            }
        }

        /**
         * The same odd kernel for inputs and states in all axes, padded so that all sizes stay.
         *
         * @param channels channels of the states
         * @param kernel size of both kernels, odd
         * @param axes number of spatial axes
         * @return the settings
         */
        public static Settings same(long channels, long kernel, int axes) {
            List<Long> sizes = Collections.nCopies(axes, kernel);
            return new Settings(channels, sizes, Collections.nCopies(axes, kernel / 2), sizes);
        }
    }

    ConvCell(Settings settings, long gates) {
        this.settings = settings;
        this.gates = gates;
        onInput = convolution(settings.inputPad);
        onState = convolution(settings.stateKernel.stream().map(k -> k / 2).toList());
    }

    private static Convolution convolution(List<Long> pad) {
        List<Long> ones = Collections.nCopies(pad.size(), 1L);
        return new Convolution(ones, pad, ones, 1, Activation.NONE);
    }

    private Parameter parameter(String name, Role role) {
        return addParameter(new Parameter(name, role, Initializer.defaultFor(role)));
    }

    private static Shape kernel(long out, long in, List<Long> sizes) {
        long[] dims = new long[2 + sizes.size()];
        dims[0] = out;
        dims[1] = in;
        for (int i = 0; i < sizes.size(); i++) {
            dims[2 + i] = sizes.get(i);
        }
        return Shape.of(dims);
    }

    @Override
    public final Shape outputShape(Shape x) {
        if (x.rank() != 2 + settings.inputKernel.size()) {
            throw new ShapeException("convCell: its kernel " + settings.inputKernel + " needs x[N,C,"
                    + settings.inputKernel.size() + " spatial axes], got x" + x);
        }
        io.kiln.ndarray.DType any = io.kiln.ndarray.DType.FLOAT32;
        Spec weight = new Spec(kernel(settings.channels, x.dim(1), settings.inputKernel), any);
        return onInput.infer(new Spec(x, any), weight)[0].shape().without(0);
    }

    /** The inputs' contribution to the gates. */
    final NDArray fromInput(NDArray x) {
        long out = gates * settings.channels;
        NDArray weight = i2hWeight
                .complete(kernel(out, x.shape().dim(1), settings.inputKernel))
                .data();
        return Dispatch.one(onInput, x, weight, i2hBias.complete(Shape.of(out)).data());
    }

    /** The state's contribution to the gates. */
    final NDArray fromState(NDArray h) {
        long out = gates * settings.channels;
        NDArray weight = h2hWeight
                .complete(kernel(out, settings.channels, settings.stateKernel))
                .data();
        return Dispatch.one(onState, h, weight, h2hBias.complete(Shape.of(out)).data());
    }

    /** One of the gates. */
    final NDArray gate(NDArray all, int g) {
        return all.slice(1, g * settings.channels, (g + 1) * settings.channels);
    }
}
