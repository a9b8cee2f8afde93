package io.kiln.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backends;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AutogradTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static NDArray variable(float... values) {
        return Autograd.attachGradient(NDArray.of(values));
    }

    @Test
    void aProductsGradientIsTheOtherFactor() {
        NDArray a = variable(1, 2, 3);
        NDArray b = variable(4, 5, 6);
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = a.mul(b).sum();
        }
        Autograd.backward(y);
        assertArrayEquals(new float[] {4, 5, 6}, Autograd.gradient(a).toFloatArray());
        assertArrayEquals(new float[] {1, 2, 3}, Autograd.gradient(b).toFloatArray());
    }

    @Test
    void gradientsOfSeveralUsesAddUp() {
        NDArray x = variable(3);
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = x.mul(x).add(x.mul(2)).add(x);
        }
        Autograd.backward(y);
        assertEquals(9, Autograd.gradient(x).item());
    }

    @Test
    void oneGradientArrayIsNeverSharedByTwoVariables() {
        NDArray a = variable(1, 2);
        NDArray b = variable(3, 4);
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = a.add(b);
        }
        Autograd.backward(y);
        NDArray da = Autograd.gradient(a);
        NDArray db = Autograd.gradient(b);
        assertNotSame(da, db);
        da.fill(7);
        assertArrayEquals(new float[] {1, 1}, db.toFloatArray());
    }

    @Test
    void writeReplacesAndAddAccumulates() {
        NDArray w = variable(2);
        NDArray s = Autograd.attachGradient(NDArray.of(2f), GradReq.ADD);
        for (int i = 0; i < 3; i++) {
            NDArray y;
            try (Autograd.Mode record = Autograd.record()) {
                y = w.mul(s).mul(10);
            }
            Autograd.backward(y);
        }
        assertEquals(20, Autograd.gradient(w).item());
        assertEquals(60, Autograd.gradient(s).item());
        Autograd.zeroGradient(s);
        assertNull(Autograd.gradient(s));
    }

    @Test
    void gradientsOutliveTheScopeOfTheStep() {
        NDArray w = variable(1, 2);
        try (Scope step = Scope.open()) {
            NDArray y;
            try (Autograd.Mode record = Autograd.record()) {
                y = w.mul(w).sum();
            }
            Autograd.backward(y);
        }
        assertArrayEquals(new float[] {2, 4}, Autograd.gradient(w).toFloatArray());
    }

    @Test
    void higherDerivativesComeFromRecordingTheBackwardPass() {
        NDArray x = variable(2);
        NDArray third;
        try (Autograd.Mode record = Autograd.record()) {
            NDArray y = x.mul(x).mul(x).mul(x);
            NDArray first = Autograd.grad(y, x, true);
            NDArray second = Autograd.grad(first, x, true);
            third = Autograd.grad(second, x, true);
            assertEquals(32, first.item());
            assertEquals(48, second.item());
        }
        assertEquals(48, third.item());
    }

    @Test
    void gradWithRespectToAnIntermediateLeavesVariablesAlone() {
        NDArray x = variable(3);
        NDArray h;
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            h = x.mul(x);
            y = h.mul(h);
        }
        assertEquals(18, Autograd.grad(y, h, false).item());
        assertNull(Autograd.gradient(x));
    }

    @Test
    void nothingIsRecordedInAPauseOrWithoutAVariable() {
        NDArray x = variable(3);
        NDArray plain = NDArray.of(1f);
        try (Autograd.Mode record = Autograd.record()) {
            assertTrue(Autograd.isRecording() && Autograd.isTraining());
            assertNull(plain.mul(plain).gradientState());
            try (Autograd.Mode pause = Autograd.pause()) {
                assertFalse(Autograd.isRecording() || Autograd.isTraining());
                assertNull(x.mul(x).gradientState());
            }
            assertTrue(Autograd.isRecording());
            try (Autograd.Mode predict = Autograd.predictMode()) {
                assertTrue(Autograd.isRecording() && !Autograd.isTraining());
            }
        }
        NDArray outside = x.mul(x);
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> Autograd.backward(outside));
        assertTrue(e.getMessage().contains("Autograd.record()"), e.getMessage());
    }

    @Test
    void aTapeServesOneBackwardPassUnlessRetained() {
        NDArray x = variable(3);
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = x.mul(x);
        }
        Autograd.backward(List.of(y), null, true, v -> {});
        Autograd.backward(y);
        assertEquals(6, Autograd.gradient(x).item());
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> Autograd.backward(y));
        assertTrue(e.getMessage().contains("retainGraph"), e.getMessage());
    }

    @Test
    void writingInPlaceBetweenForwardAndBackwardIsAnError() {
        NDArray x = variable(3);
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = x.mul(x);
        }
        x.fill(4);
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> Autograd.backward(y));
        assertTrue(e.getMessage().contains("input 0 of mul"), e.getMessage());
    }

    @Test
    void variablesAreReportedOnceEachAsSoonAsTheirGradientIsFinal() {
        NDArray first = variable(1);
        NDArray last = variable(2);
        List<NDArray> ready = new ArrayList<>();
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = first.mul(first).mul(last).mul(last);
        }
        Autograd.backward(List.of(y), null, false, ready::add);
        assertEquals(List.of(last, first), ready);
    }

    @Test
    void headGradientsWeighTheHeads() {
        NDArray x = variable(1, 1);
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = x.mul(3);
        }
        Autograd.backward(List.of(y), List.of(NDArray.of(10f, 100f)), false, v -> {});
        assertArrayEquals(new float[] {30, 300}, Autograd.gradient(x).toFloatArray());
    }

    @Test
    void freshnessTellsStaleGradients() {
        NDArray x = variable(1);
        assertFalse(Autograd.isGradientFresh(x));
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = x.mul(3);
        }
        Autograd.backward(y);
        assertTrue(Autograd.isGradientFresh(x));
        Autograd.consumeGradient(x);
        assertFalse(Autograd.isGradientFresh(x));
    }

    @Test
    void integersAreNoVariables() {
        NDArray x = NDArray.of(Shape.of(1), 1L);
        assertThrows(IllegalArgumentException.class, () -> Autograd.attachGradient(x));
    }

    /** y = x, with a gradient of ten times what it should be. */
    private static final class TenTimes extends Function {
        @Override
        protected NDArray[] forward(NDArray... x) {
            return new NDArray[] {x[0].copy()};
        }

        @Override
        protected NDArray[] backward(NDArray... dy) {
            return new NDArray[] {dy[0].mul(10)};
        }
    }

    @Test
    void customFunctionsBringTheirOwnGradientAndServeOnce() {
        NDArray x = Autograd.attachGradient(NDArray.of(2f), GradReq.ADD);
        for (int i = 0; i < 2; i++) {
            NDArray y;
            try (Autograd.Mode record = Autograd.record()) {
                y = new TenTimes().apply(x)[0].mul(x);
            }
            Autograd.backward(y);
        }
        assertEquals(2 * (10 * 2 + 2), Autograd.gradient(x).item());
        TenTimes used = new TenTimes();
        used.apply(x);
        assertThrows(IllegalStateException.class, () -> used.apply(x));
    }

    @Test
    void memoryOfManyStepsEqualsThatOfOne() {
        NDArray w = variable(1, 2, 3, 4);
        long after = 0;
        for (int i = 0; i < 300; i++) {
            try (Scope step = Scope.open()) {
                NDArray y;
                try (Autograd.Mode record = Autograd.record()) {
                    y = w.mul(w).add(w).relu().sum();
                }
                Autograd.backward(y);
                w.assign(w.sub(Autograd.gradient(w).mul(1e-3)));
            }
            if (i == 10) {
                after = Backends.current().allocator().liveBytes();
            }
        }
        // Less when the garbage collector frees what earlier tests left to it.
        assertTrue(Backends.current().allocator().liveBytes() <= after);
        assertEquals(DType.FLOAT32, w.dtype());
    }
}
