package io.kiln.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kiln.format.SafeTensors;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.activation.Activation;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A network written by version 0.1 must load and compute what it computed then. */
class GoldenModelTest {
    private static final String PREFIX = "value of ";

    @Test
    void aNetworkOfVersionOneLoadsAndPredictsAsItDid() throws IOException {
        try (Scope scope = Scope.open()) {
            Map<String, NDArray> tensors =
                    SafeTensors.read(bytes("model-0.1.safetensors")).tensors();
            Graph graph = Graph.fromJson(new String(bytes("model-0.1.json"), StandardCharsets.UTF_8));
            GraphBlock net = new GraphBlock(graph);
            Map<String, NDArray> values = new LinkedHashMap<>();
            tensors.forEach((n, a) -> {
                if (n.startsWith(PREFIX)) {
                    values.put(n.substring(PREFIX.length()), a);
                }
            });
            net.load(values);
            NDArray y = net.forward(tensors.get("input"));
            assertArrayEquals(tensors.get("output").toFloatArray(), y.toFloatArray(), 1e-5f);
            assertEquals(graph, Graph.fromJson(graph.toJson()));
        }
    }

    private static byte[] bytes(String name) throws IOException {
        try (InputStream in = GoldenModelTest.class.getResourceAsStream(name)) {
            return in.readAllBytes();
        }
    }

    /**
     * Writes the files of the present version.
     *
     * @param args the directory and the version
     */
    public static void main(String[] args) throws IOException {
        RandomGenerator.seed(1);
        Block net = new Sequential(
                Conv2D.builder()
                        .channels(4)
                        .kernel(3)
                        .pad(1)
                        .groups(2)
                        .activation(Activation.RELU)
                        .build(),
                new BatchNorm(),
                Pool.max2D(2),
                new Dropout(0.5),
                new Dense(6, Activation.TANH),
                new LayerNorm(),
                Activations.gelu(),
                new Dense(3),
                Activations.softmax());
        net.initialize(1);
        NDArray x = RandomOps.normal(Shape.of(2, 2, 6, 6), 0, 1, DType.FLOAT32);
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        tensors.put("input", x);
        tensors.put("output", net.forward(x));
        net.values().forEach((n, a) -> tensors.put(PREFIX + n, a));
        Path files = Path.of(args[0]);
        SafeTensors.write(files.resolve("model-" + args[1] + ".safetensors"), tensors, Map.of());
        Graph graph = net.trace(new Spec(Shape.of(Shape.UNKNOWN, 2, 6, 6), DType.FLOAT32));
        Files.writeString(files.resolve("model-" + args[1] + ".json"), graph.toJson());
    }
}
