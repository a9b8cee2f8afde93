package io.kiln.cuda;

import io.kiln.backend.Context;
import io.kiln.backend.Span;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.internal.RecurrentInputs;
import io.kiln.op.recurrent.GruOp;
import java.util.Arrays;
import java.util.List;

/**
 * One direction of one recurrent layer: brings its arrays into cuDNN's order, and what cuDNN gives into that of the operator. A layer that
 * runs backwards is one whose sequences are turned.
 */
final class RecurrentCall {
    private final CudaBackend backend;
    private final RecurrentInputs kinds;
    private final RecurrentProblem problem;
    private final RecurrentSizes sizes;
    private final boolean reverse;
    private final boolean ownBiases;

    RecurrentCall(CudaBackend backend, Operator operator, RecurrentProblem problem, RecurrentSizes sizes) {
        this.backend = backend;
        this.problem = problem;
        this.sizes = sizes;
        kinds = RecurrentProblem.kinds(operator);
        reverse = RecurrentProblem.isReverse(operator);
        ownBiases = operator instanceof GruOp;
    }

    RecurrentSizes sizes() {
        return sizes;
    }

    int steps() {
        return problem.steps();
    }

    /** Workspace of {@link #predict}. */
    long predictionBytes() {
        return RecurrentSpace.bytes(sizes.weights(), sizes.inference());
    }

    /** Workspace of {@link #train}. */
    long trainingBytes() {
        return RecurrentSpace.bytes(sizes.training());
    }

    /** Workspace of {@link #gradients}. */
    long gradientBytes() {
        return RecurrentSpace.bytes(sizes.weights(), sizes.reserve(), sizes.training());
    }

    /** Computes the outputs of the operator. */
    void predict(NDArray[] in, NDArray[] out, Span workspace) {
        RecurrentSpace space = new RecurrentSpace(workspace);
        Span weights = space.next(sizes.weights());
        run(false, in, out, weights, space.next(sizes.inference()), null);
    }

    /** Computes the outputs of the operator, and behind them what the gradient takes. */
    void train(NDArray[] in, NDArray[] out, Span workspace) {
        Span kept = span(out[out.length - 1]);
        Span reserve = kept.slice(RecurrentSizes.aligned(sizes.weights()), sizes.reserve());
        Span room = new RecurrentSpace(workspace).next(sizes.training());
        run(true, in, out, kept.slice(0, sizes.weights()), room, reserve);
    }

    private void run(boolean training, NDArray[] in, NDArray[] out, Span weights, Span workspace, Span reserve) {
        CudaQueue queue = queue();
        NDArray[] given = Arrays.copyOf(in, kinds.count());
        NDArray y = reverse ? NDArray.empty(backend, Layout.rowMajor(out[0].spec())) : out[0];
        given[RecurrentInputs.X] = turned(in[RecurrentInputs.X]);
        try (DenseArrays a = new DenseArrays(given)) {
            gather(queue, a, weights);
            Recurrences.States states =
                    new Recurrences.States(first(a, 0), first(a, 1), problem.isLstm() ? address(out[1]) : 0);
            Recurrences.Room room = new Recurrences.Room(
                    block(weights), block(workspace), reserve == null ? Recurrences.Block.NONE : block(reserve));
            a.submit(backend, cudnn -> cudnn.recurrences()
                    .forward(problem, training, a.address(RecurrentInputs.X), address(y), states, room));
            Arrays.stream(out).forEach(result -> queue.used(result.storage()));
            queue.used(y.storage());
            queue.used(workspace.storage());
            if (reverse) {
                turn(y, out[0]);
            }
        } finally {
            if (reverse) {
                given[RecurrentInputs.X].close();
                y.close();
            }
        }
    }

    /**
     * Computes the gradients.
     *
     * @param heads how many gradients of outputs come first
     * @param in those, the inputs and the outputs of the operator, and what {@link #train} has kept
     * @param out gradients of the inputs
     */
    void gradients(int heads, NDArray[] in, NDArray[] out, Span workspace) {
        CudaQueue queue = queue();
        RecurrentSpace space = new RecurrentSpace(workspace);
        Span dWeights = space.next(sizes.weights());
        Span reserve = space.next(sizes.reserve());
        Span room = space.next(sizes.training());
        int x = heads + RecurrentInputs.X;
        int y = heads + kinds.count();
        NDArray[] given = Arrays.copyOf(in, y + 1);
        NDArray dx = reverse ? NDArray.empty(backend, Layout.rowMajor(out[0].spec())) : out[0];
        given[0] = turned(in[0]);
        given[x] = turned(in[x]);
        given[y] = turned(in[y]);
        try (DenseArrays a = new DenseArrays(given)) {
            Span kept = span(in[in.length - 1]);
            Span weights = kept.slice(0, sizes.weights());
            // cuDNN writes to the reserve, and the gradient may be asked for again.
            queue.copy(reserve, kept.slice(RecurrentSizes.aligned(sizes.weights()), sizes.reserve()));
            queue.fill(dWeights, (byte) 0);
            int h = heads + kinds.statePlace();
            Recurrences.States states = new Recurrences.States(
                    kinds.states() > 0 ? a.address(h) : 0,
                    kinds.states() > 1 ? a.address(h + 1) : 0,
                    heads > 1 ? a.address(1) : 0);
            int firsts = out.length - kinds.states();
            Recurrences.Gradients gradients = new Recurrences.Gradients(
                    a.address(x),
                    a.address(y),
                    a.address(0),
                    address(dx),
                    kinds.states() > 0 ? address(out[firsts]) : 0,
                    kinds.states() > 1 ? address(out[firsts + 1]) : 0);
            Recurrences.Room rooms = new Recurrences.Room(block(weights), block(room), block(reserve));
            a.submit(
                    backend, cudnn -> cudnn.recurrences().backward(problem, gradients, states, rooms, block(dWeights)));
            scatter(queue, dWeights, out);
            Arrays.stream(out).forEach(result -> queue.used(result.storage()));
            queue.used(dx.storage());
            queue.used(kept.storage());
            queue.used(workspace.storage());
            if (reverse) {
                turn(dx, out[0]);
            }
        } finally {
            if (reverse) {
                for (int i : new int[] {0, x, y}) {
                    given[i].close();
                }
                dx.close();
            }
        }
    }

    private CudaQueue queue() {
        return (CudaQueue) Context.current().queue(backend);
    }

    private long first(DenseArrays a, int which) {
        return which < kinds.states() ? a.address(kinds.statePlace() + which) : 0;
    }

    /** A view of a sequence in the order in which steps are taken. */
    private NDArray turned(NDArray sequence) {
        if (!reverse) {
            return sequence;
        }
        long[] strides = sequence.strides().clone();
        long last = (sequence.shape().dim(0) - 1) * strides[0];
        strides[0] = -strides[0];
        return sequence.view(sequence.shape(), strides, last);
    }

    private void turn(NDArray from, NDArray to) {
        try (NDArray turned = turned(from)) {
            Dispatch.into(new Copy(), new NDArray[] {turned}, to);
        }
    }

    /** Copies the weights to where cuDNN wants them. */
    private void gather(CudaQueue queue, DenseArrays a, Span weights) {
        for (RecurrentDescriptors.Place place : places(queue, weights)) {
            Span from = span(a.array(place.input())).slice(place.from(), place.bytes());
            queue.copy(weights.slice(place.to(), place.bytes()), from);
        }
    }

    /** Copies gradients from where cuDNN has them. */
    private void scatter(CudaQueue queue, Span dWeights, NDArray... out) {
        for (RecurrentDescriptors.Place place : places(queue, dWeights)) {
            int input = place.input();
            boolean shared = !ownBiases && input >= RecurrentInputs.BH;
            if (shared && input == RecurrentInputs.BH) {
                continue; // the same as of the other bias
            }
            Span to = span(out[shared ? input - 1 : input]).slice(place.from(), place.bytes());
            queue.copy(to, dWeights.slice(place.to(), place.bytes()));
        }
    }

    private List<RecurrentDescriptors.Place> places(CudaQueue queue, Span weights) {
        return queue.ask(cudnn -> cudnn.recurrences().places(problem, block(weights)));
    }

    private static long address(NDArray x) {
        return x.address() & Long.MAX_VALUE;
    }

    /** The bytes of an array without gaps. */
    private static Span span(NDArray x) {
        long start = x.address() - x.storage().address();
        return new Span(x.storage(), start, x.size() * x.dtype().bytes());
    }

    private static Recurrences.Block block(Span span) {
        return new Recurrences.Block(DevicePointer.of(span).address(), span.bytes());
    }
}
