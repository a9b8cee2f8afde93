package io.kiln.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.kiln.op.table.OperatorTable;
import io.kiln.op.table.Row;
import io.kiln.op.table.TableChecks;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** The operator table on the processor. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OperatorTableTest {
    private final TorchScript torch = new TorchScript();

    @AfterAll
    void closeTorch() {
        torch.close();
    }

    @Test
    void everyOperatorHasARow() {
        assertEquals(Set.of(), OperatorTable.missing(), "operators of io.kiln.op without a row in io.kiln.op.table");
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

    private static Stream<DynamicTest> each(BiConsumer<Row, TableChecks> check) {
        return OperatorTable.rows().stream().flatMap(row -> row.cases().stream()
                .map(c -> dynamicTest(row + " on " + c, () -> check.accept(row, new TableChecks(row, c)))));
    }
}
