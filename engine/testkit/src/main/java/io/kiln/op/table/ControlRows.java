package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.whole;

import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Custom;
import io.kiln.op.CustomOps;
import io.kiln.op.control.Cond;
import io.kiln.op.control.ForEach;
import io.kiln.op.control.ReplayGradient;
import io.kiln.op.control.WhileLoop;
import io.kiln.op.internal.CustomGradient;
import java.util.List;
import java.util.function.Function;

/** Rows of loops, branches and custom operators. Bodies are traced for float32 vectors of 3. */
final class ControlRows {
    private ControlRows() {}

    static List<Row> rows() {
        CustomOps.register(Powers.class);
        ForEach sums = new ForEach(
                body(2, x -> {
                    NDArray s = x[1].add(x[0]);
                    return new NDArray[] {s.mul(s), s};
                }),
                1,
                1);
        String running = "(torch.cumsum(x0, 0) + x1)";
        Graph always = body(1, x -> new NDArray[] {x[0].sum().lt(1e6)});
        Graph twice = body(1, x -> new NDArray[] {x[0].mul(x[0]), x[0].mul(2)});
        Cond cond = new Cond(body(1, x -> new NDArray[] {x[0].mul(x[0])}), body(1, x -> new NDArray[] {x[0].neg()}));
        return List.of(
                Row.of(sums)
                        .singleOnly()
                        .torch("torch.square(" + running + ")", "torch.sum(x0, [0]) + x1")
                        .on(single(4, 3), single(3))
                        .on(single(1, 3), single(3))
                        .on(single(0, 3), single(3)),
                Row.of(new WhileLoop(always, twice, 1, 0, 3))
                        .singleOnly()
                        .torch("torch.stack([x0 * x0, 4 * x0 * x0, 16 * x0 * x0], 0)", "8 * x0")
                        .on(single(3)),
                Row.of(cond).singleOnly().torch("x1 * x1 + 0 * x2").on(whole(DType.INT32, 1, 2), single(3), single(3)),
                Row.of(cond).singleOnly().torch("0 * x1 - x2").on(whole(DType.INT32, 0, 1), single(3), single(3)),
                Row.of(new ReplayGradient(sums, false, List.of(0L, 1L), List.of(0L)))
                        .singleOnly()
                        .order(1)
                        .torch(
                                "torch.flip(torch.cumsum(torch.flip(2 * " + running + " * x3, [0]), 0), [0])",
                                "torch.sum(2 * " + running + " * x3, [0])")
                        .on(single(4, 3), single(3), whole(DType.INT64, 0, 1, 2), single(4, 3)),
                Row.of(new Custom(new Powers(2.5)))
                        .torch("2.5 * x0 * x0 * x0")
                        .slack(8)
                        .on(real(-2, 2, 3, 5))
                        .on(real(-2, 2)),
                Row.of(new CustomGradient(new Powers(2.5), 1, List.of(0L), List.of(0L)))
                        .torch("7.5 * x0 * x0 * x2")
                        .slack(8)
                        .on(real(-2, 2, 3, 5), real(-2, 2, 3, 5).constant(), real(-1, 1, 3, 5)));
    }

    /** Small whole numbers in float32, whatever type is checked, as the bodies ask for it. */
    private static Argument single(long... dims) {
        return new Argument(Shape.of(dims), DType.FLOAT32, -2, 3, null, true);
    }

    private static Graph body(int inputs, Function<NDArray[], NDArray[]> code) {
        try (GraphBuilder builder = GraphBuilder.openBody()) {
            NDArray[] x = new NDArray[inputs];
            for (int i = 0; i < inputs; i++) {
                x[i] = builder.input("x" + i, new Spec(Shape.of(3), DType.FLOAT32));
            }
            return builder.build(code.apply(x));
        }
    }
}
