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

    private static NDArray array(Shape shape, DType dtype, JsonNode values) {
        if (dtype == DType.INT64) {
            long[] whole = new long[values.size()];
            for (int i = 0; i < whole.length; i++) {
                whole[i] = Long.parseLong(values.get(i).asText());
            }
            return NDArray.of(shape, whole);
        }
        double[] numbers = new double[values.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = number(values.get(i).asText());
        }
        return NDArray.of(shape, numbers).cast(dtype);
    }

    @ParameterizedTest
    @MethodSource("arrays")
    void arraysArePrintedAsByNumpy(JsonNode golden) {
        DType dtype = DType.valueOf(golden.get("dtype").asText().toUpperCase(Locale.ROOT));
        long[] dims = new long[golden.get("shape").size()];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = golden.get("shape").get(i).asLong();
        }
        try (Scope scope = Scope.open()) {
            NDArray a = array(Shape.of(dims), dtype, golden.get("values"));
            assertEquals(golden.get("text").asText(), a.toString());
            if (dims.length == 2) {
                assertEquals(
                        golden.get("text").asText(),
                        a.transpose().copy().transpose().toString());
            }
        }
    }
}
