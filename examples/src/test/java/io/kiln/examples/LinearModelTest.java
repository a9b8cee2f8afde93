package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("core")
class LinearModelTest {
    @Test
    void theClassificationsLossFallsBelowTwoThousandths() {
        check(LinearModel::classify);
    }

    @Test
    void theRegressionsLossFallsBelowTwoThousandths() {
        check(LinearModel::regress);
    }

    private static void check(ToDoubleFunction<PrintStream> model) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        double loss;
        try (PrintStream out = new PrintStream(text, true, StandardCharsets.UTF_8)) {
            loss = model.applyAsDouble(out);
        }
        assertTrue(loss >= 0 && loss < 0.002, "loss " + loss);
        long epochs = text.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(l -> l.matches("Epoch \\d+: Loss = \\d+\\.\\d{6}"))
                .count();
        assertEquals(100, epochs);
    }
}
