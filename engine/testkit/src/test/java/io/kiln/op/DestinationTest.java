package io.kiln.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backend;
import io.kiln.backend.KernelPlan;
import io.kiln.backend.Span;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.internal.Keeping;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.table.OperatorTable;
import io.kiln.op.table.Row;
import io.kiln.op.table.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Kernels write their results into the arrays that they are given, all of them and nothing else. Of residuals of bytes, whose meaning only
 * the kernels know, they write what the gradient reads.
 */
class DestinationTest {
    private static final int MARGIN = 256; // to which memory of libraries is aligned
    private static final int POISON = 0x5A;

    @TestFactory
    Stream<DynamicTest> everyKernelWritesIntoTheGivenOutputs() {
        return OperatorTable.rows().stream()
                .filter(row -> !(row.operator() instanceof ViewOperator))
                .flatMap(row ->
                        row.cases().stream().map(call -> dynamicTest(row + " on " + call, () -> check(row, call))));
    }

    private static void check(Row row, Row.Case call) {
        for (DType type : row.dtypes()) {
            try (Scope scope = Scope.open();
                    Autograd.Mode mode = row.isTraining() ? Autograd.trainMode() : Autograd.predictMode()) {
                NDArray[] given =
                        row.samples(call, type).stream().map(Sample::array).toArray(NDArray[]::new);
                check(row.operator(), given);
                Operator keeping = keeping(row.operator(), given);
                if (keeping != row.operator()) {
                    check(keeping, given);
                }
                check(
                        row.operator(),
                        Stream.of(given).map(DestinationTest::turned).toArray(NDArray[]::new));
            }
        }
    }

    private static Operator keeping(Operator operator, NDArray... inputs) {
        return inputs.length == 0
                ? operator
                : Keeping.of(
                        inputs[0].backend(),
                        operator,
                        Stream.of(inputs).map(NDArray::spec).toArray(Spec[]::new));
    }

    /** The same array with its axes in the opposite order in memory. */
    private static NDArray turned(NDArray x) {
        List<Integer> axes = new ArrayList<>();
        for (int i = 0; i < x.shape().rank(); i++) {
            axes.add(0, i);
        }
        int[] reversed = axes.stream().mapToInt(Integer::intValue).toArray();
        return x.transpose(reversed).copy().transpose(reversed);
    }

    private static void check(Operator operator, NDArray... inputs) {
        Backend backend = inputs.length == 0 ? NDArray.scalar(0, DType.FLOAT32).backend() : inputs[0].backend();
        Spec[] specs = operator.infer(Stream.of(inputs).map(NDArray::spec).toArray(Spec[]::new));
        KernelPlan plan = backend.plan(operator, Layout.of(inputs), specs);
        if (plan == null) {
            return;
        }
        RandomGenerator.seed(5);
        NDArray[] expected = Dispatch.run(operator, inputs);
        NDArray[] blocks = new NDArray[specs.length];
        NDArray[] outputs = new NDArray[specs.length];
        for (int i = 0; i < outputs.length; i++) {
            long bytes = specs[i].shape().size() * specs[i].dtype().bytes();
            blocks[i] = NDArray.full(Shape.of(MARGIN + bytes + MARGIN), POISON, DType.UINT8);
            outputs[i] = NDArray.planned(new Span(blocks[i].storage(), MARGIN, bytes), plan.layout(i, specs[i]));
            if (!isOpaque(operator, i, specs)) {
                outputs[i].fill(specs[i].dtype().isFloating() ? Double.NaN : 1);
            }
        }
        NDArray workspace = NDArray.full(Shape.of(MARGIN + plan.workspaceBytes() + MARGIN), POISON, DType.UINT8);
        boolean asked = plan.workspaceBytes() > 0;
        RandomGenerator.seed(5);
        plan.kernel().run(inputs, outputs, asked ? new Span(workspace.storage(), MARGIN, plan.workspaceBytes()) : null);
        assertMarginsOf(workspace, operator + ", workspace");
        for (int i = 0; i < outputs.length; i++) {
            String what = operator + ", output " + i + ", strides " + Arrays.toString(outputs[i].strides());
            assertEquals(expected[i].spec(), outputs[i].spec(), what);
            assertTrue(expected[i].layout().places(outputs[i].strides()), what);
            if (isOpaque(operator, i, specs)) {
                assertGradientsAreThose((Keeping) operator, inputs, expected, outputs);
            } else {
                assertArrayEquals(bits(expected[i]), bits(outputs[i]), what);
            }
            assertMarginsOf(blocks[i], what);
        }
    }

    private static boolean isOpaque(Operator operator, int output, Spec... specs) {
        return operator instanceof Keeping keeping
                && output >= specs.length - keeping.residuals().size()
                && specs[output].dtype() == DType.UINT8;
    }

    /** Bytes of a residual that its kernel left as they were would make others. */
    private static void assertGradientsAreThose(
            Keeping operator, NDArray[] inputs, NDArray[] expected, NDArray[] outputs) {
        NDArray[] wanted = operator.gradient(new Context(inputs, expected));
        NDArray[] got = operator.gradient(new Context(inputs, outputs));
        assertEquals(inputs.length, got.length, operator.name());
        for (int i = 0; i < got.length; i++) {
            assertArrayEquals(bits(wanted[i]), bits(got[i]), operator + ", gradient of input " + i);
        }
    }

    /** A gradient of ones flows into the first output. */
    private record Context(NDArray[] in, NDArray[] out) implements GradientContext {
        @Override
        public NDArray input(int i) {
            return in[i];
        }

        @Override
        public int inputs() {
            return in.length;
        }

        @Override
        public NDArray output(int i) {
            return out[i];
        }

        @Override
        public NDArray outputGradient(int i) {
            return i == 0 ? Creation.onesLike(out[0]) : null;
        }

        @Override
        public boolean needs(int i) {
            return true;
        }

        @Override
        public boolean training() {
            return true;
        }
    }

    private static void assertMarginsOf(NDArray block, String what) {
        List<Integer> margin = Collections.nCopies(MARGIN, POISON);
        assertEquals(margin, bytes(block.slice(0, 0, MARGIN)), what);
        assertEquals(margin, bytes(block.slice(0, block.size() - MARGIN, block.size())), what);
    }

    /** All NaNs are the same here: the sign of one depends on whether Java's compiler has come to the code yet. */
    private static long[] bits(NDArray x) {
        return Arrays.stream(x.toDoubleArray())
                .mapToLong(Double::doubleToLongBits)
                .toArray();
    }

    private static List<Integer> bytes(NDArray x) {
        return LongStream.of(x.toLongArray()).mapToObj(v -> (int) v).toList();
    }
}
