package io.kiln.cuda;

import io.kiln.backend.Backend;
import io.kiln.backend.KernelPlan;
import io.kiln.kernels.KernelTable;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.internal.FromResiduals;
import io.kiln.op.internal.GruGradient;
import io.kiln.op.internal.Keeping;
import io.kiln.op.internal.LstmGradient;
import io.kiln.op.internal.RnnGradient;
import io.kiln.op.recurrent.GruOp;
import io.kiln.op.recurrent.LstmOp;
import io.kiln.op.recurrent.RnnOp;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * LSTM, GRU, and plain recurrent layers with tanh or ReLU by cuDNN, one direction of one layer at a time. Where a gradient will be taken,
 * its weights and what cuDNN reserves are a residual. Declined, and so composed of other operators: lengths of rows, cell states or gates
 * of all steps, a GRU whose reset gate acts on the state, other activations, a projection that is not smaller than the state, arrays
 * without elements or beyond cuDNN's sizes, gradients over a single step or without a residual, and what {@link RecurrentSupport} knows to
 * be refused.
 */
final class CudnnRecurrentKernels {
    private final CudaBackend backend;

    CudnnRecurrentKernels(CudaBackend backend) {
        this.backend = backend;
    }

    /** Adds the kernels. */
    void contribute(KernelTable table) {
        table.add(LstmOp.class, (o, in, out) -> predicting(o, in));
        table.add(GruOp.class, (o, in, out) -> predicting(o, in));
        table.add(RnnOp.class, (o, in, out) -> predicting(o, in));
        table.addResiduals(LstmOp.class, this::residuals);
        table.addResiduals(GruOp.class, this::residuals);
        table.addResiduals(RnnOp.class, this::residuals);
        table.add(Keeping.class, (o, in, out) -> training(((Keeping) o).operator(), in));
        table.add(FromResiduals.class, (o, in, out) -> gradient(((FromResiduals) o).gradient(), in));
    }

    private static Spec[] specs(Layout... layouts) {
        return Arrays.stream(layouts).map(Layout::spec).toArray(Spec[]::new);
    }

    /** The call of cuDNN for a layer that it computes. */
    private Optional<RecurrentCall> call(Operator operator, Spec... in) {
        RecurrentProblem problem = RecurrentProblem.of(operator, in);
        return Optional.ofNullable(problem)
                .flatMap(p -> backend.recurrent().of(p))
                .map(sizes -> new RecurrentCall(backend, operator, problem, sizes));
    }

    /** Cells call an operator for each step; none of these keeps a copy of the weights. */
    private Spec[] residuals(Operator operator, Spec... in) {
        return call(operator, in)
                .filter(c -> c.steps() > 1)
                .map(c -> new Spec[] {new Spec(Shape.of(c.sizes().kept()), DType.UINT8)})
                .orElse(Backend.NO_RESIDUALS);
    }

    private KernelPlan predicting(Operator operator, Layout... in) {
        return call(operator, specs(in))
                .map(c -> new KernelPlan(null, c.predictionBytes(), c::predict))
                .orElse(null);
    }

    private KernelPlan training(Operator operator, Layout... in) {
        return call(operator, specs(in))
                .map(c -> new KernelPlan(null, c.trainingBytes(), c::train))
                .orElse(null);
    }

    private KernelPlan gradient(Operator operator, Layout... in) {
        Operator forward;
        int heads = 1;
        if (operator instanceof LstmGradient g) {
            forward = g.forward();
            heads = g.offset();
        } else if (operator instanceof GruGradient g) {
            forward = g.forward();
        } else if (operator instanceof RnnGradient g) {
            forward = g.forward();
        } else {
            return null;
        }
        int from = heads;
        int count = RecurrentProblem.kinds(forward).count();
        Spec[] given = Stream.of(in).skip(from).limit(count).map(Layout::spec).toArray(Spec[]::new);
        return call(forward, given)
                .map(c -> new KernelPlan(
                        null, c.gradientBytes(), (x, results, workspace) -> c.gradients(from, x, results, workspace)))
                .orElse(null);
    }
}
