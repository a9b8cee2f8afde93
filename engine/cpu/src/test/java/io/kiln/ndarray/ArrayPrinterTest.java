package io.kiln.ndarray;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.Golden;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ArrayPrinterTest {
    static Stream<JsonNode> arrays() {
        return StreamSupport.stream(Golden.read("ndarray/printing.json").spliterator(), false);
    }

    private static double number(String text) {
        return switch (text) {
            case "nan" -> Double.NaN;
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            case "True" -> 1;
            case "False" -> 0;
            default -> Double.parseDouble(text);
        };
    }

    @ParameterizedTest
    @MethodSource("arrays")
    void arraysArePrintedAsByNumpy(JsonNode golden) {
        DType dtype = DType.valueOf(golden.get("dtype").asText().toUpperCase(Locale.ROOT));
        double[] values = new double[golden.get("values").size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = number(golden.get("values").get(i).asText());
        }
        long[] dims = new long[golden.get("shape").size()];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = golden.get("shape").get(i).asLong();
        }
        try (Scope scope = Scope.open()) {
            NDArray a = NDArray.of(Shape.of(dims), values).cast(dtype);
            assertEquals(golden.get("text").asText(), a.toString());
            if (dims.length == 2) {
                assertEquals(
                        golden.get("text").asText(),
                        a.transpose().copy().transpose().toString());
            }
        }
    }
}
