package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Dense;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Shapes of a program whose inputs become known. */
class InferShapesTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static final Spec UNKNOWN = new Spec(Shape.of(Shape.UNKNOWN, 6), DType.FLOAT32);

    @Test
    void givesEveryValueItsShape() {
        Program unknown = Programs.of(new Dense(3), false, UNKNOWN);
        assertThrows(IllegalStateException.class, () -> Verifier.check("traced", unknown));
        Program known = new InferShapes(List.of(Programs.MATRIX)).run(unknown);
        Verifier.check("inferShapes", known);
        assertEquals(
                Shape.of(2, 3),
                known.graph().spec(known.graph().outputs().get(0)).shape());
    }

    @Test
    void aProgramWhoseShapesAreKnownStaysAsItIs() {
        Program p = Programs.of(new Dense(3), false, Programs.MATRIX);
        assertTrue(new InferShapes(List.of(Programs.MATRIX)).run(p) == p);
    }

    @Test
    void inputsThatDoNotFitAreRefusedByTheNodeThatSeesThem() {
        Program p = Programs.of(new Dense(3), false, UNKNOWN);
        Spec wide = new Spec(Shape.of(2, 7), DType.FLOAT32);
        String m = assertThrows(ShapeException.class, () -> new InferShapes(List.of(wide)).run(p))
                .getMessage();
        assertTrue(m.contains("linear"), m);
    }

    @Test
    void aWrongNumberOfInputsIsRefused() {
        Program p = Programs.of(new Dense(3), false, UNKNOWN);
        assertThrows(IllegalArgumentException.class, () -> new InferShapes(List.of()).run(p));
    }
}
