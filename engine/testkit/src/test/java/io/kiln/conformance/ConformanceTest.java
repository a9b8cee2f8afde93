package io.kiln.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.autograd.Autograd;
import io.kiln.ndarray.NDArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@Tag("core")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConformanceTest {
    private static final String ONNX_SOURCE =
            "The node tests of the `onnx` package 1.23 (`onnx.backend.test.case.node`, Apache License 2.0) of one node each.";

    private static final String TORCH_SOURCE =
            "Samples of PyTorch 2.15's own operator tests (`torch.testing._internal`, `op_db`; BSD 3-clause), values and gradients in float64.";

    private List<Outcome> onnx;
    private List<Outcome> torch;

    @Test
    void onnxDiffersOnlyByDecision(@TempDir Path scratch) throws IOException {
        assertEquals(List.of(), Decisions.read("onnx-decisions.tsv").check(onnx(scratch)));
    }

    @Test
    void torchDiffersOnlyByDecision(@TempDir Path scratch) throws IOException {
        assertEquals(List.of(), Decisions.read("torch-decisions.tsv").check(torch(scratch)));
    }

    @Test
    void thePageSaysWhatTheSuitesSay(@TempDir Path scratch) throws IOException {
        ConformancePage page = new ConformancePage();
        page.add("ONNX", ONNX_SOURCE, onnx(scratch), Decisions.read("onnx-decisions.tsv"));
        page.add("PyTorch", TORCH_SOURCE, torch(scratch), Decisions.read("torch-decisions.tsv"));
        Path file = Path.of(System.getProperty("maven.multiModuleProjectDirectory", "../../.."))
                .resolve("docs/conformance.md");
        if (Boolean.getBoolean("kiln.write")) {
            Files.writeString(file, page.toString());
        }
        assertEquals(page.toString(), Files.readString(file), "run this test with -Dkiln.write=true");
    }

    private List<Outcome> onnx(Path scratch) throws IOException {
        if (onnx == null) {
            Map<String, OnnxCall.Adapter> adapters = new HashMap<>();
            OnnxElementwise.addTo(adapters);
            OnnxShapes.addTo(adapters);
            OnnxReductions.addTo(adapters);
            OnnxWindows.addTo(adapters);
            OnnxNetworks.addTo(adapters);
            OnnxVision.addTo(adapters);
            onnx = Suite.run("onnx.zip", scratch, (node, arrays) -> run(adapters, node, arrays));
            assertTrue(onnx.size() > 1000, "few cases were found");
        }
        return onnx;
    }

    private static Optional<String> run(
            Map<String, OnnxCall.Adapter> adapters, JsonNode node, Map<String, NDArray> arrays) {
        OnnxCall call = OnnxCall.of(node, arrays);
        OnnxCall.Adapter adapter = adapters.get(call.operator());
        if (adapter == null) {
            throw new Refusal("no operator");
        }
        NDArray[] results = adapter.run(call);
        Optional<String> difference = Optional.empty();
        for (int k = 0; k < results.length && difference.isEmpty(); k++) {
            if (k < call.outputs().length && call.outputs()[k] != null && results[k] != null) {
                difference = Difference.between(
                        "output " + k,
                        results[k],
                        call.outputs()[k],
                        node.get("rtol").asDouble(),
                        Math.max(node.get("atol").asDouble(), 1e-6));
            }
        }
        return difference;
    }

    private List<Outcome> torch(Path scratch) throws IOException {
        if (torch == null) {
            Map<String, TorchCall.Adapter> adapters = new HashMap<>();
            TorchElementwise.addTo(adapters);
            TorchReductions.addTo(adapters);
            TorchShapes.addTo(adapters);
            TorchNetworks.addTo(adapters);
            torch = Suite.run("torch.zip", scratch, (node, arrays) -> runTorch(adapters, node, arrays));
            assertTrue(torch.size() > 2000, "few cases were found");
        }
        return torch;
    }

    private static Optional<String> runTorch(
            Map<String, TorchCall.Adapter> adapters, JsonNode node, Map<String, NDArray> arrays) {
        TorchCall call = new TorchCall(node, arrays);
        TorchCall.Adapter adapter = adapters.get(call.operator());
        if (adapter == null) {
            throw new Refusal("no operator");
        }
        JsonNode gradients = node.get("grads");
        for (int k = 0; k < gradients.size(); k++) {
            if (!gradients.get(k).isNull()) {
                Autograd.attachGradient(call.leaves().get(k));
            }
        }
        NDArray[] results;
        try (Autograd.Mode mode = Autograd.record()) {
            results = adapter.run(call);
        }
        List<NDArray> outputs = new ArrayList<>();
        List<NDArray> cotangents = new ArrayList<>();
        Optional<String> difference = Optional.empty();
        for (int k = 0; k < results.length && difference.isEmpty(); k++) {
            difference = near(
                    "output " + k,
                    results[k],
                    call.array(node.get("outs").get(k).asText()));
            if (k < node.get("cot").size() && !node.get("cot").get(k).isNull()) {
                outputs.add(results[k]);
                cotangents.add(call.array(node.get("cot").get(k).asText()).cast(results[k].dtype()));
            }
        }
        if (difference.isEmpty() && gradients.size() > 0) {
            Autograd.backward(outputs, cotangents, false, ready -> {});
        }
        for (int k = 0; k < gradients.size() && difference.isEmpty(); k++) {
            if (!gradients.get(k).isNull()) {
                NDArray got = Autograd.gradient(call.leaves().get(k));
                difference = got == null
                        ? Optional.of("no gradient of argument " + k)
                        : near("gradient " + k, got, call.array(gradients.get(k).asText()));
            }
        }
        return difference;
    }

    private static Optional<String> near(String name, NDArray got, NDArray want) {
        return Difference.between(name, got, want, 1e-6, 1e-8);
    }
}
