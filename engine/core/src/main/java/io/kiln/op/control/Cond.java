package io.kiln.op.control;

import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Runs one of two branches (MXNet's cond). Inputs: one element that decides, what the first branch uses, what the
 * second uses. Outputs: those of the branch that runs, and the random state.
 *
 * @param then runs where the element differs from 0
 * @param otherwise runs where it is 0; of the same number, ranks and dtypes of outputs
 */
public record Cond(Graph then, Graph otherwise) implements GraphOperator {
    private Spec[] inputsOf(boolean first, Spec... inputs) {
        int n = then.inputs().size();
        return first ? Arrays.copyOfRange(inputs, 1, 1 + n) : Arrays.copyOfRange(inputs, 1 + n, inputs.length);
    }

    @Override
    public List<Graph> graphs() {
        return List.of(then, otherwise);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        if (inputs.length != 1 + then.inputs().size() + otherwise.inputs().size()) {
            throw new IllegalArgumentException("cond: needs the deciding element, "
                    + then.inputs().size() + " and " + otherwise.inputs().size() + " inputs, got " + inputs.length);
        }
        Shape decides = inputs[0].shape();
        if (decides.isKnown() && decides.size() != 1) {
            throw new ShapeException("cond: what decides must be one element, got " + inputs[0]);
        }
        Spec[] a = then.infer(inputsOf(true, inputs));
        Spec[] b = otherwise.infer(inputsOf(false, inputs));
        List<Spec> outputs = new ArrayList<>();
        for (int i = 0; i < Math.max(a.length, b.length); i++) {
            if (a.length != b.length
                    || a[i].dtype() != b[i].dtype()
                    || !a[i].shape().accepts(b[i].shape())) {
                throw new ShapeException("cond: the branches give " + Arrays.toString(a) + " and " + Arrays.toString(b)
                        + "; shapes and dtypes must agree");
            }
            outputs.add(new Spec(common(a[i].shape(), b[i].shape()), a[i].dtype()));
        }
        outputs.add(RANDOM);
        return outputs.toArray(Spec[]::new);
    }

    /** Sizes known in only one branch depend on which branch runs. */
    private static Shape common(Shape a, Shape b) {
        long[] d = a.dims();
        for (int i = 0; i < d.length; i++) {
            d[i] = d[i] == b.dim(i) ? d[i] : Shape.UNKNOWN;
        }
        return Shape.of(d);
    }

    @Override
    public List<NDArray> run(NDArray... inputs) {
        int n = then.inputs().size();
        boolean first = inputs[0].item() != 0;
        NDArray[] arguments =
                first ? Arrays.copyOfRange(inputs, 1, 1 + n) : Arrays.copyOfRange(inputs, 1 + n, inputs.length);
        NDArray[] results = (first ? then : otherwise).run(Map.of(), arguments);
        for (int i = 0; i < results.length; i++) {
            NDArray r = results[i];
            results[i] = Arrays.stream(arguments).anyMatch(x -> x == r) ? Bodies.alias(r) : r;
        }
        return List.of(results);
    }
}
