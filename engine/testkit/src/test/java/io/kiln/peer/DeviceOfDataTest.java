package io.kiln.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import io.kiln.fake.FakeBackend;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.op.table.OperatorTable;
import io.kiln.op.table.Row;
import io.kiln.op.table.TableChecks;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * The first case of each row of the operator table, with data on another device than that of the thread: an array that is made on the
 * wrong one is an error of the next operator. The memory of that device Java cannot read, and its queues run late.
 */
@Tag("device")
@Tag("long")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DeviceOfDataTest {
    private final TorchScript torch = new TorchScript();
    private final FakeBackend other = FakeBackend.get(1);
    private long launchesBefore;
    private int checks;

    @BeforeAll
    void theThreadIsElsewhere() {
        assertEquals(Backends.standard(), Backends.current().device());
        assertTrue(!Backends.standard().equals(other.device()), "fake(1) is left to this test");
        launchesBefore = other.counters().launches();
    }

    @AfterAll
    void theChecksRanThere() {
        torch.close();
        long launches = other.counters().launches() - launchesBefore;
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
    Stream<DynamicTest> tracedEqualsEager() {
        return each((row, check) -> check.tracedEqualsEager());
    }

    @TestFactory
    Stream<DynamicTest> compiledEqualsEager() {
        return each((row, check) -> check.compiledEqualsEager());
    }

    private Stream<DynamicTest> each(BiConsumer<Row, TableChecks> check) {
        ArrayFactory there = ArrayFactory.on(new Device(FakeBackend.TYPE, 1));
        return OperatorTable.rows().stream()
                .filter(row -> !row.cases().isEmpty()
                        && !row.cases().get(0).arguments().isEmpty())
                .map(row -> dynamicTest(row.toString(), () -> {
                    checks++;
                    check.accept(row, new TableChecks(row, row.cases().get(0), there));
                }));
    }
}
