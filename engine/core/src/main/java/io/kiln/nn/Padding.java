package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.shape.Movement;
import io.kiln.op.shape.PadMode;
import java.util.stream.LongStream;

/** A border around all spatial axes. Shapes: x[N,C,spatial…]; each spatial axis of y is longer by the border on both sides. */
public final class Padding extends Block {
    private final PadMode mode;
    private final double value;
    private final long[] pads;

    private Padding(PadMode mode, double value, long... pads) {
        if (pads.length == 0 || LongStream.of(pads).anyMatch(p -> p < 0)) {
            throw new IllegalArgumentException("padding: needs one size, or one per spatial axis, of at least 0, got "
                    + LongStream.of(pads).boxed().toList());
        }
        this.mode = mode;
        this.value = value;
        this.pads = pads.clone();
    }

    /**
     * Creates a border of inner elements, mirrored at the edge without repeating it.
     *
     * @param pads one size, or one per spatial axis; below the axis' size
     * @return the layer
     */
    public static Padding reflect(long... pads) {
        return new Padding(PadMode.REFLECT, 0, pads);
    }

    /**
     * Creates a border of the elements at the edge.
     *
     * @param pads one size, or one per spatial axis
     * @return the layer
     */
    public static Padding edge(long... pads) {
        return new Padding(PadMode.EDGE, 0, pads);
    }

    /**
     * Creates a border of one number.
     *
     * @param value the number
     * @param pads one size, or one per spatial axis
     * @return the layer
     */
    public static Padding constant(double value, long... pads) {
        return new Padding(PadMode.CONSTANT, value, pads);
    }

    @Override
    public NDArray forward(NDArray x) {
        int axes = x.shape().rank() - 2;
        if (axes < 1 || pads.length != 1 && pads.length != axes) {
            throw new ShapeException("padding: needs x[N,C,spatial…] with "
                    + (pads.length == 1 ? "one spatial axis or more" : pads.length + " spatial axes") + ", got x"
                    + x.shape());
        }
        long[] border = new long[axes + 2];
        for (int i = 0; i < axes; i++) {
            border[2 + i] = pads[pads.length == 1 ? 0 : i];
        }
        return mode == PadMode.CONSTANT
                ? Movement.pad(x, border, border, value)
                : Movement.pad(x, border, border, mode);
    }
}
