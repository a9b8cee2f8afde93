package io.kiln.peer;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.kiln.backend.Context;
import io.kiln.kernels.DeviceUnderTest;
import io.kiln.kernels.KernelDevice;
import io.kiln.op.table.OperatorTable;
import io.kiln.op.table.Row;
import io.kiln.op.table.TableChecks;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * The first case of each row of the operator table on the device under test; all cases are those of {@link OperatorTableTest} with
 * {@code -Dkiln.device}. With {@code -Dkiln.table.kernels=true} only operators that have kernels, as the others are composed of these.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DeviceTableTest {
    private static final boolean KERNELS_ALONE = Boolean.getBoolean("kiln.table.kernels");

    private final TorchScript torch = new TorchScript();
    private final KernelDevice device = DeviceUnderTest.get();
    private Context context;
    private long launchesBefore;
    private int checks;

    @BeforeAll
    void open() {
        context = Context.open(device.device());
        launchesBefore = device.kernels().counters().launches();
    }

    @AfterAll
    void theChecksRanThere() {
        context.close();
        torch.close();
        long launches = device.kernels().counters().launches() - launchesBefore;
        assertTrue(checks > 0 && launches >= checks, launches + " kernels were launched by " + checks + " checks");
    }

    @TestFactory
    Stream<DynamicTest> valuesAndGradientsEqualLibtorch() {
        return each((row, check) -> {
            if (!row.torch().isEmpty()) {
                check.equalsPeer(torch);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> layoutOfInputsChangesNothing() {
        return each((row, check) -> check.anyLayout());
    }

    @TestFactory
    Stream<DynamicTest> narrowTypesComputeAsFloat32() {
        return each((row, check) -> check.narrowTypes());
    }

    @TestFactory
    Stream<DynamicTest> compiledEqualsEager() {
        return each((row, check) -> check.compiledEqualsEager());
    }

    private Stream<DynamicTest> each(BiConsumer<Row, TableChecks> check) {
        return OperatorTable.rows().stream()
                .filter(row -> !row.cases().isEmpty() && (!KERNELS_ALONE || hasKernel(row)))
                .map(row -> dynamicTest(row.toString(), () -> {
                    checks++;
                    check.accept(row, new TableChecks(row, row.cases().get(0)));
                }));
    }

    private boolean hasKernel(Row row) {
        return device.kernels().table().hasKernel(row.operator());
    }
}
