package io.kiln.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.kiln.ndarray.DType;
import io.kiln.op.table.OperatorTable;
import io.kiln.op.table.Row;
import io.kiln.op.table.TableChecks;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** The operator table: each call of each row, or with {@code -Dkiln.table.calls=first} the first call of each. */
@Tag("core")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OperatorTableTest {
    /**
     * Operators that are not checked in a type in which they compute: the first three because their rows are of given values
     * (boxes, ascending numbers, symmetric matrices) that rounding would spoil; the others take what a call has kept for them, which is made up in a row, and are checked in 16 bits with the layers under mixed precision.
     */
    private static final Map<String, Set<DType>> UNCHECKED = Map.of(
            "BoxEncode",
            Set.of(DType.BFLOAT16),
            "SearchSorted",
            Set.of(DType.BFLOAT16),
            "SymmetricEigen",
            Set.of(DType.BFLOAT16),
            "GruGradient",
            Set.of(DType.BFLOAT16),
            "LstmGradient",
            Set.of(DType.BFLOAT16),
            "RnnGradient",
            Set.of(DType.BFLOAT16));

    private final TorchScript torch = new TorchScript();

    @AfterAll
    void closeTorch() {
        torch.close();
    }

    @Test
    void everyOperatorHasARow() {
        assertEquals(Set.of(), OperatorTable.missing(), "operators without a row in io.kiln.op.table");
    }

    @Test
    void everyRowHasAnOracle() {
        for (Row row : OperatorTable.rows()) {
            assertEquals(row.torch().isEmpty(), row.ownOracle() != null, row::toString);
        }
    }

    @TestFactory
    Stream<DynamicTest> valuesAndGradientsEqualLibtorch() {
        return each((row, checks) -> {
            if (!row.torch().isEmpty()) {
                checks.equalsPeer(torch);
            }
        });
    }

    @Tag("long")
    @TestFactory
    Stream<DynamicTest> firstDerivativesEqualDifferences() {
        return each((row, checks) -> checks.firstDerivatives());
    }

    @TestFactory
    Stream<DynamicTest> secondDerivativesEqualDifferences() {
        return each((row, checks) -> checks.secondDerivatives());
    }

    @TestFactory
    Stream<DynamicTest> outputsAreAsTheShapeRuleSays() {
        return each((row, checks) -> checks.shapeRule());
    }

    @TestFactory
    Stream<DynamicTest> layoutOfInputsChangesNothing() {
        return each((row, checks) -> checks.anyLayout());
    }

    @TestFactory
    Stream<DynamicTest> narrowTypesComputeAsFloat32() {
        return each((row, checks) -> checks.narrowTypes());
    }

    @TestFactory
    Stream<DynamicTest> tracedEqualsEager() {
        return each((row, checks) -> checks.tracedEqualsEager());
    }

    @TestFactory
    Stream<DynamicTest> tracedWithUnknownBatchEqualsEager() {
        return each((row, checks) -> checks.tracedWithUnknownBatch());
    }

    @TestFactory
    Stream<DynamicTest> compiledEqualsEager() {
        return OperatorTable.rows().stream()
                .filter(row -> !row.cases().isEmpty())
                .map(row -> dynamicTest(
                        row.toString(), () -> new TableChecks(row, row.cases().get(0)).compiledEqualsEager()));
    }

    @Test
    void operatorsAreCheckedInEveryFloatingTypeInWhichTheyCompute() {
        Map<String, Set<DType>> checked = new TreeMap<>();
        Map<String, Set<DType>> computes = new TreeMap<>();
        for (Row row : OperatorTable.rows()) {
            String name = row.operator().getClass().getSimpleName();
            Set<DType> types = checked.computeIfAbsent(name, n -> EnumSet.noneOf(DType.class));
            for (Row.Case c : row.cases()) {
                TableChecks checks = new TableChecks(row, c);
                if (c.arguments().stream().anyMatch(a -> a.dtype() == null)) {
                    types.addAll(row.dtypes());
                    computes.computeIfAbsent(name, n -> EnumSet.of(DType.FLOAT32, DType.BFLOAT16));
                }
                if (checks.hasNarrowTypes()) {
                    types.add(DType.BFLOAT16);
                }
            }
            Row.Case first = row.cases().get(0);
            if (new TableChecks(row, first).computesBesides(DType.FLOAT64)) {
                computes.get(name).add(DType.FLOAT64);
            }
        }
        Map<String, Set<DType>> missing = new TreeMap<>();
        computes.forEach((name, types) -> {
            Set<DType> left = EnumSet.copyOf(types);
            left.removeAll(checked.get(name));
            if (!left.isEmpty()) {
                missing.put(name, left);
            }
        });
        assertEquals(UNCHECKED, missing);
    }

    private static Stream<DynamicTest> each(BiConsumer<Row, TableChecks> check) {
        long calls = System.getProperty("kiln.table.calls", "all").equals("first") ? 1 : Long.MAX_VALUE;
        return OperatorTable.rows().stream().flatMap(row -> row.cases().stream()
                .limit(calls)
                .map(c -> dynamicTest(row + " on " + c, () -> check.accept(row, new TableChecks(row, c)))));
    }
}
