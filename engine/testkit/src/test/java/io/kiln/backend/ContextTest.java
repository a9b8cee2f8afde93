package io.kiln.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Scope;
import io.kiln.op.Autocast;
import io.kiln.op.Precision;
import io.kiln.op.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ContextTest {
    @Test
    void whatIsLeftSwitchedOnInAContextEndsWithIt() {
        RandomGenerator.State random = RandomGenerator.state();
        int threads = Backends.current().threads();
        Context before = Context.current();
        try (Context own = Context.open(Device.cpu(), threads + 1)) {
            assertSame(own, Context.current());
            assertEquals(threads + 1, Backends.current().threads());
            Autograd.record();
            Autocast.open(Precision.BFLOAT16);
            RandomGenerator.seed(7 + random.seed());
            assertTrue(Autograd.isRecording());
        }
        assertSame(before, Context.current());
        assertEquals(threads, Backends.current().threads());
        assertFalse(Autograd.isRecording());
        assertNull(Autocast.setting());
        assertEquals(random, RandomGenerator.state());
    }

    @Test
    void aNewContextKnowsNothingOfTheOneAround() {
        try (Scope scope = Scope.open();
                Autograd.Mode record = Autograd.record();
                Autocast.Mode cast = Autocast.open(Precision.BFLOAT16)) {
            RandomGenerator.seed(5);
            try (Context own = Context.open(Device.cpu())) {
                assertNull(Scope.current());
                assertFalse(Autograd.isRecording());
                assertNull(Autocast.setting());
                assertEquals(new RandomGenerator.State(0, 0), RandomGenerator.state());
            }
            assertSame(scope, Scope.current());
            assertTrue(Autograd.isRecording());
            assertEquals(DType.BFLOAT16, Autocast.setting().narrow());
            assertEquals(new RandomGenerator.State(5, 0), RandomGenerator.state());
        }
    }

    @Test
    void contextsCloseInnermostFirstAndOnTheirThread() {
        Context outer = Context.open(Device.cpu());
        Context inner = Context.open(Device.cpu());
        assertThrows(IllegalStateException.class, outer::close);
        inner.close();
        assertThrows(IllegalStateException.class, inner::close);
        outer.close();
        IllegalStateException e = assertThrows(
                IllegalStateException.class, () -> Context.current().close());
        assertTrue(e.getMessage().contains("Context.open"), e.getMessage());
    }
}
