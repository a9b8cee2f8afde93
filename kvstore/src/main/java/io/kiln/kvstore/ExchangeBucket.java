package io.kiln.kvstore;

import io.kiln.ndarray.HostView;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The arrays of one bucket: all weights, all gradients of the step, and the optimizer's states of the owned slice. */
final class ExchangeBucket implements AutoCloseable {
    private final BucketLayout.Bucket layout;
    private final int rank;
    private final NDArray weights;
    private final NDArray sums;
    private final NDArray[] states;
    private final NDArray[] gradients;
    private final boolean[] copied;
    private int missing;

    /** A part of the bucket that is updated in one call. */
    record Part(NDArray weight, NDArray gradient, NDArray[] states, boolean decayed, double rateFactor) {}

    ExchangeBucket(BucketLayout.Bucket layout, int rank, int workers, int stateCount) {
        this.layout = layout;
        this.rank = rank;
        this.weights = zeros(layout.size(), layout);
        this.sums = workers == 1 ? null : zeros(layout.size(), layout);
        this.states = new NDArray[stateCount];
        for (int i = 0; i < stateCount; i++) {
            states[i] = zeros(layout.slices().length(rank), layout);
        }
        this.gradients = new NDArray[layout.slots().size()];
        this.copied = new boolean[gradients.length];
    }

    private static NDArray zeros(long size, BucketLayout.Bucket layout) {
        return NDArray.zeros(Shape.of(size), layout.dtype()).detach();
    }

    BucketLayout.Bucket layout() {
        return layout;
    }

    NDArray weights() {
        return weights;
    }

    NDArray sums() {
        return sums;
    }

    NDArray[] states() {
        return states;
    }

    long ownSize() {
        return layout.slices().length(rank);
    }

    /** The weights of the owned slice. */
    NDArray ownWeights() {
        return flat(weights, layout.slices().start(rank), layout.slices().length(rank));
    }

    void beginStep() {
        missing = gradients.length;
    }

    /** Stores a gradient; one that is not row-major is copied into its place at once, by this thread's engine. */
    void gradient(int parameter, NDArray g) {
        for (int i = 0; i < gradients.length; i++) {
            BucketLayout.Slot slot = layout.slots().get(i);
            if (slot.parameter() == parameter) {
                missing -= gradients[i] == null ? 1 : 0;
                gradients[i] = g;
                if (sums != null && !g.isContiguous()) {
                    NDArray place = sums.view(g.shape(), g.shape().contiguousStrides(), slot.offset());
                    place.assign(g);
                    gradients[i] = place.detach();
                    copied[i] = true;
                }
            }
        }
    }

    /** Whether all gradients have arrived. */
    boolean isFull() {
        return missing == 0;
    }

    /** Called on the exchange thread: copies the gradients, times a factor, into their places. */
    void fill(ScaledCopy copier, double factor) {
        try (HostView all = factor == 0 ? sums.write() : sums.update()) {
            if (factor == 0) {
                all.fill((byte) 0);
                return;
            }
            int width = layout.dtype().bytes();
            for (int i = 0; i < gradients.length; i++) {
                BucketLayout.Slot slot = layout.slots().get(i);
                try (HostView gradient = gradients[i].read()) {
                    copier.run(layout.dtype(), gradient, all.slice(slot.offset() * width, slot.size() * width), factor);
                }
            }
        }
    }

    void endStep() {
        for (int i = 0; i < gradients.length; i++) {
            if (copied[i]) {
                gradients[i].close();
            }
            copied[i] = false;
            gradients[i] = null;
        }
    }

    /** The parts that this rank updates. A single worker uses the gradients in place. */
    List<Part> parts(boolean perParameter) {
        List<Part> parts = new ArrayList<>();
        long begin = layout.slices().start(rank);
        if (sums == null) {
            for (int i = 0; i < gradients.length; i++) {
                BucketLayout.Slot s = layout.slots().get(i);
                Shape shape = gradients[i].shape();
                long[] strides = shape.contiguousStrides();
                NDArray[] st = new NDArray[states.length];
                for (int k = 0; k < st.length; k++) {
                    st[k] = states[k].view(shape, strides, s.offset());
                }
                parts.add(new Part(
                        weights.view(shape, strides, s.offset()), gradients[i], st, s.decayed(), s.rateFactor()));
            }
            return parts;
        }
        for (BucketLayout.Run r : BucketLayout.runs(layout, rank, perParameter)) {
            NDArray[] st = new NDArray[states.length];
            for (int k = 0; k < st.length; k++) {
                st[k] = flat(states[k], r.start() - begin, r.length());
            }
            parts.add(new Part(
                    flat(weights, r.start(), r.length()),
                    flat(sums, r.start(), r.length()),
                    st,
                    r.first().decayed(),
                    r.first().rateFactor()));
        }
        return parts;
    }

    /** The arrays that hold the parts; gradients of a single worker lie elsewhere. */
    List<NDArray> updateArrays() {
        List<NDArray> arrays = new ArrayList<>(List.of(states));
        arrays.add(weights);
        arrays.addAll(gradientArrays());
        return arrays;
    }

    /** The arrays that hold the gradients of the owned slice. */
    List<NDArray> gradientArrays() {
        return sums == null ? Arrays.asList(gradients) : List.of(sums);
    }

    private static NDArray flat(NDArray a, long start, long length) {
        return a.view(Shape.of(length), new long[] {1}, start);
    }

    @Override
    public void close() {
        weights.close();
        if (sums != null) {
            sums.close();
        }
        for (NDArray s : states) {
            s.close();
        }
    }
}
