package io.kiln.nn.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.init.Normal;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Flatten;
import io.kiln.nn.Pool;
import io.kiln.nn.Residual;
import io.kiln.nn.Sequential;
import io.kiln.nn.transformer.TransformerEncoder;
import io.kiln.nn.transformer.TransformerSettings;
import io.kiln.nn.zoo.ResNet;
import io.kiln.op.activation.Activation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlockJsonTest {
    private static void same(Block expected, String json, long... shape) {
        Spec x = new Spec(Shape.of(shape), DType.FLOAT32);
        assertEquals(expected.trace(x).toJson(), BlockJson.read(json).trace(x).toJson());
    }

    @Test
    void everyLayerOfTheCatalogHasAWayToMakeIt() {
        BlockCatalog.entries().forEach(e -> assertFalse(e.forms().isEmpty(), e.name()));
        assertTrue(BlockCatalog.entries().size() > 70);
    }

    @Test
    void aConvolutionalNetworkIsTheOneWrittenInJava() {
        same(
                new Sequential(
                        Conv2D.builder()
                                .channels(8)
                                .kernel(3, 5)
                                .pad(1)
                                .activation(Activation.RELU)
                                .weightInitializer(new Normal(0.01))
                                .build(),
                        Pool.max2D(2).stride(2).ceilMode(true),
                        new Flatten(),
                        new Dropout(0.25),
                        new Dense(10)),
                """
                [{"Conv2D": {"channels": 8, "kernel": [3, 5], "pad": 1, "activation": "relu",
                             "weightInitializer": {"normal": {"sigma": 0.01}}}},
                 {"Pool.max2D": {"kernel": 2, "stride": 2, "ceilMode": true}},
                 "Flatten", {"Dropout": {"rate": 0.25}}, {"Dense": {"units": 10}}]""",
                -1,
                1,
                28,
                28);
    }

    @Test
    void nestedLayersSettingsAndZooNetworksAreMade() {
        same(
                new Residual(new Sequential(new Dense(4, Activation.TANH), new Dense(4))),
                "{\"Residual\": {\"body\": [{\"Dense\": {\"units\": 4, \"activation\": \"TANH\"}}, {\"Dense\": {\"units\": 4}}]}}",
                -1,
                4);
        same(
                new TransformerEncoder(
                        2,
                        TransformerSettings.of(16, 4, 32)
                                .normalisedFirst()
                                .withKeyHeads(2)
                                .withoutBias()),
                "{\"TransformerEncoder\": {\"count\": 2, \"settings\": {\"size\": 16, \"heads\": 4, \"hidden\": 32, \"normalisedFirst\": true, \"withKeyHeads\": 2, \"withoutBias\": true}}}",
                -1,
                5,
                16);
        same(
                ResNet.v1(18).classes(10).smallImages(true).build(),
                "{\"ResNet.v1\": {\"layers\": 18, \"classes\": 10, \"smallImages\": true}}",
                -1,
                3,
                32,
                32);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "[{\"Dence\": {\"units\": 3}}] | network.Sequential.blocks[0]: unknown layer \"Dence\"; did you mean \"Dense\"?",
                "{\"Dense\": {\"unit\": 3}} | network.Dense: no form takes the arguments [unit]; it takes {[activation: none|relu|",
                "{\"Dense\": {\"units\": \"3\"}} | network.Dense.units: expected int, got \"3\"",
                "{\"Dense\": {\"units\": 0}} | network.Dense: dense: units must be >= 1, got 0",
                "{\"Dense\": {\"units\": 3, \"activation\": \"relo\"}} | network.Dense.activation: expected none|relu|sigmoid|tanh, got \"relo\"",
                "{\"Dense\": [\"Flatten\"]} | network.Dense: does not take a list of layers; it takes {[activation",
                "{\"java.lang.Runtime\": {}} | network: expected a layer such as {\"Dense\": {\"units\": 10}}, got",
                "{\"Runtime\": {}} | network: unknown layer \"Runtime\"",
                "{\"Pool.getClass\": {}} | network: unknown layer \"Pool.getClass\"",
                "[{\"Dense\": {\"units\": 3}, \"Flatten\": {}}] | network.Sequential.blocks[0]: expected a layer",
                "[1] | network.Sequential.blocks[0]: expected a layer",
                "[{\"Dense\": {\"units\": 3, \"units\": 4}}] | network: not JSON: Duplicate field 'units'",
                "[ | network: not JSON: ",
            })
    void mistakesAreToldWithTheirPlaceAndWhatIsAccepted(String json, String message) {
        String got = assertThrows(IllegalArgumentException.class, () -> BlockJson.read(json))
                .getMessage();
        assertTrue(got.startsWith(message), got);
    }

    @Test
    void depthIsBounded() {
        String json = "[".repeat(5000) + "]".repeat(5000);
        String got = assertThrows(IllegalArgumentException.class, () -> BlockJson.read(json))
                .getMessage();
        assertTrue(got.contains("depth") || got.contains("nested more than 100 deep"), got);
    }

    @Test
    void aGraphIsNotTakenForLayers() {
        String graph =
                new Dense(2).trace(new Spec(Shape.of(-1, 3), DType.FLOAT32)).toJson();
        assertTrue(BlockJson.readLayers(graph).isEmpty());
        assertEquals(
                Dense.class,
                BlockJson.readLayers("{\"Dense\": {\"units\": 2}}")
                        .orElseThrow()
                        .getClass());
        assertEquals(
                Flatten.class, BlockJson.readLayers("\"Flatten\"").orElseThrow().getClass());
        assertTrue(BlockJson.readLayers("Dense").isEmpty());
    }
}
