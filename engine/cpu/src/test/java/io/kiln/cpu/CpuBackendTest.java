package io.kiln.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import io.kiln.backend.KernelPlan;
import io.kiln.backend.OutOfDeviceMemoryException;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Copy;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import java.util.List;
import org.junit.jupiter.api.Test;

class CpuBackendTest {
    /** An operator that nobody has a kernel for. */
    record Unheard() implements Operator {
        @Override
        public Spec[] infer(Spec... inputs) {
            return inputs;
        }

        @Override
        public NDArray[] gradient(GradientContext context) {
            return new NDArray[1];
        }
    }

    @Test
    void theServiceLoaderFindsOneProcessor() {
        Backend cpu = Backends.get(Device.cpu());
        assertTrue(cpu instanceof CpuBackend);
        assertSame(cpu, Backends.current());
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> Backends.get(new Device("cpu", 1)));
        assertTrue(e.getMessage().contains("cpu(1)") && e.getMessage().contains("cpu(0)"), e.getMessage());
    }

    @Test
    void anOperatorWithoutKernelIsDeclined() {
        try (Scope scope = Scope.open()) {
            NDArray x = NDArray.of(1f, 2f);
            assertNull(x.backend().plan(new Unheard(), Layout.of(x), new Spec[] {x.spec()}));
        }
    }

    @Test
    void ofTheKernelsOfOneOperatorTheLastIsAskedFirstAndMayDecline() {
        StringBuilder asked = new StringBuilder();
        KernelTable table = new KernelTable(
                (o, in, out) -> null,
                List.of(
                        t -> t.addRoutine(Copy.class, (o, in, out) -> asked.append("general ")),
                        t -> t.add(
                                Copy.class,
                                (o, in, out, fallback) -> fallback.attempt(o, null, (x, y, workspace) -> {
                                    asked.append("gives up ");
                                    return false;
                                })),
                        t -> t.add(Copy.class, (o, in, out, fallback) -> {
                            asked.append("declines ");
                            return null;
                        })));
        try (Scope scope = Scope.open()) {
            NDArray x = NDArray.of(1f, 2f);
            NDArray y = NDArray.of(0f, 0f);
            KernelPlan plan = table.plan(new Copy(), Layout.of(x), new Spec[] {x.spec()});
            plan.run(x.backend(), new NDArray[] {x}, new NDArray[] {y});
        }
        assertEquals("declines gives up general ", asked.toString());
    }

    @Test
    void memoryIsAlignedToCacheLines() {
        try (Scope scope = Scope.open()) {
            for (int n = 1; n < 200; n += 7) {
                assertEquals(0, NDArray.of(Shape.of(n), new float[n]).address() % 64);
            }
        }
    }

    @Test
    void budgetsAreReadWithUnits() {
        assertEquals(1000, MemoryBudget.parse("1000"));
        assertEquals(3L << 10, MemoryBudget.parse("3k"));
        assertEquals(5L << 20, MemoryBudget.parse(" 5M "));
        assertEquals(7L << 30, MemoryBudget.parse("7g"));
        for (String wrong : new String[] {"", "g", "-1", "0", "5x", "9999999999999g", "1.5g"}) {
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> MemoryBudget.parse(wrong), wrong);
            assertTrue(e.getMessage().contains("kiln.memory.limit")
                    && e.getMessage().contains("'" + wrong + "'"));
        }
    }

    @Test
    void theDefaultBudgetLeavesRoomForTheHeapButIsNeverTiny() {
        assertEquals((10L << 30) / 10 * 8 - (2L << 30), MemoryBudget.defaultBytes(10L << 30, 2L << 30));
        assertEquals(512L << 20, MemoryBudget.defaultBytes(2L << 30, 2L << 30));
    }

    @Test
    void moreMemoryThanTheBudgetIsRefusedWithTheSettingToRaise() {
        Backend cpu = Backends.get(Device.cpu());
        long tooMuch = cpu.allocator().budget() + 1;
        OutOfDeviceMemoryException e = assertThrows(
                OutOfDeviceMemoryException.class, () -> cpu.allocator().allocate(cpu, tooMuch));
        assertTrue(e.getMessage().contains("spark.executor.memoryOverhead"), e.getMessage());
        assertTrue(e.getMessage().contains(Long.toString(tooMuch)), e.getMessage());
    }
}
