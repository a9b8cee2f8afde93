package io.kiln.op.table;

import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * All numbers that a row computes on this thread's device: outputs and first gradients, in each type of the row and in 16 bits,
 * eager and hybridized. A recorder takes their bits and compares them with those of another version of the code.
 */
public final class RowBits {
    private final Row row;
    private final BiConsumer<String, List<Sample>> results;

    /**
     * Prepares a row.
     *
     * @param row the row
     * @param results is given a name, unique within the row, and what was computed
     */
    public RowBits(Row row, BiConsumer<String, List<Sample>> results) {
        this.row = row;
        this.results = results;
    }

    /** Computes every case of the row. */
    public void compute() {
        for (int i = 0; i < row.cases().size(); i++) {
            Row.Case call = row.cases().get(i);
            String name = "case " + i + " " + call;
            for (DType type : types(call)) {
                compute(name + ", " + type + ", eager", call, type, new RowRun(row, call));
                if (!call.arguments().isEmpty()) {
                    try (Block block = new OneOperator(row.operator())) {
                        block.hybridize();
                        RowRun run = new RowRun(row, call, ArrayFactory.current(), block::callAll);
                        compute(name + ", " + type + ", hybridized", call, type, run);
                    }
                }
            }
        }
    }

    private List<DType> types(Row.Case call) {
        List<DType> types = new ArrayList<>(row.dtypes());
        if (new TableChecks(row, call).hasNarrowTypes()) {
            types.add(DType.FLOAT16);
            types.add(DType.BFLOAT16);
        }
        return types;
    }

    private void compute(String name, Row.Case call, DType type, RowRun run) {
        List<Sample> inputs = row.samples(call, type);
        results.accept(name + ", outputs", run.forward(inputs));
        if (call.differentiable() && row.order() > 0) {
            results.accept(name + ", gradients", run.gradient(inputs));
        }
    }

    /** A network of one operator. */
    static final class OneOperator extends Block {
        private final Operator operator;

        OneOperator(Operator operator) {
            this.operator = operator;
        }

        @Override
        public NDArray forward(NDArray x) {
            return forwardAll(x)[0];
        }

        @Override
        public NDArray[] forwardAll(NDArray... inputs) {
            return Dispatch.run(operator, inputs);
        }
    }
}
