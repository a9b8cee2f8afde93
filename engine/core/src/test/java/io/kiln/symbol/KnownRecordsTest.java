package io.kiln.symbol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.nn.loss.Loss;
import io.kiln.op.Operator;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("core")
class KnownRecordsTest {
    @Test
    void recordsOfAnInterfaceAreListedByTheirNamesInJson() {
        List<String> losses = KnownRecords.names(Loss.class);
        assertTrue(losses.containsAll(List.of("l2", "sigmoidBce", "softmaxCrossEntropy")), losses.toString());
        assertFalse(losses.contains("loss"));
    }

    @Test
    void aNearNameIsSuggestedAndFewNamesAreListed() {
        List<String> known = List.of("adam", "sgd");
        assertEquals("; did you mean \"adam\"?; known: adam, sgd", KnownRecords.suggestion("Adma", known));
        assertEquals("; known: adam, sgd", KnownRecords.suggestion("somethingElse", known));
        assertEquals("", KnownRecords.suggestion("adam", List.of()));
    }

    @Test
    void anUnknownOperatorIsToldWithTheNearestName() {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> RecordJson.find(Operator.class, "convolve"));
        assertTrue(e.getMessage().contains("\"convolve\"; did you mean \"convolution\"?"), e.getMessage());
    }
}
