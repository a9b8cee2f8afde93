package io.kiln.benchmarks.spark;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.kiln.benchmarks.ChildProcess;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.net.Network;
import io.kiln.format.SafeTensors;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * ONNX Runtime in PySpark's {@code mapInArrow}, without pandas: each Python worker keeps its session and computes with one thread.
 * The program is in Python, with a Spark driver of its own; the interpreter is named by the environment variable {@value #PYTHON},
 * which {@code bin/kiln bench} sets.
 */
public final class OnnxTransform implements Contender {

    /** Environment variable with the path of a Python that has pyspark, pyarrow, onnx, onnxruntime and safetensors. */
    public static final String PYTHON = "KILN_BENCH_PYTHON";

    private static final String SCRIPT = "onnx_transform.py";

    private final TransformData data;
    private Process process;
    private Writer orders;
    private BufferedReader answers;

    /** Applies a network. */
    public OnnxTransform(TransformData data) {
        this.data = data;
    }

    @Override
    public Facts setup(Setup setup) throws IOException {
        if (!setup.isNative()) {
            throw new IllegalStateException("onnxruntime: it cannot be held to " + setup.instructions()
                    + "; leave it out with --only kiln,djl");
        }
        String python = Optional.ofNullable(System.getenv(PYTHON))
                .orElseThrow(() -> new IllegalStateException("onnxruntime: the environment variable " + PYTHON
                        + " names no Python; run bin/kiln bench, which prepares one"));
        Path script = setup.scratch().resolve(data + "-" + SCRIPT);
        try (InputStream in = OnnxTransform.class.getResourceAsStream(SCRIPT)) {
            Files.copy(in, script);
        }
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("model", data.name());
        told.put("weights", weights(setup).toString());
        told.put("rows", data.rows());
        told.put("batch", data.batch());
        told.put("threads", setup.threads());
        told.put("scratch", setup.scratch().toString());
        told.put("column", data.column());
        told.put("check", TransformData.CHECK);
        ProcessBuilder builder =
                new ProcessBuilder(List.of(python, script.toString(), new ObjectMapper().writeValueAsString(told)));
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("OMP_NUM_THREADS", "1");
        // Those of another Spark, if there is one, would be used in place of the package's own.
        builder.environment()
                .keySet()
                .removeAll(List.of("SPARK_HOME", "SPARK_CONF_DIR", "PYSPARK_SUBMIT_ARGS", "PYTHONPATH"));
        builder.environment().put("PYSPARK_PYTHON", python);
        builder.environment().put("PYSPARK_DRIVER_PYTHON", python);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        process = builder.start();
        orders = process.outputWriter(StandardCharsets.UTF_8);
        answers = process.inputReader(StandardCharsets.UTF_8);
        return new Facts(answer("facts"), data.parameterCount());
    }

    private Path weights(Setup setup) throws IOException {
        Path file = setup.scratch().resolve(data + ".safetensors");
        try (Scope scope = Scope.open()) {
            Map<String, NDArray> weights = new LinkedHashMap<>();
            for (Network.Parameter p : data.parameters()) {
                weights.put(p.name(), NDArray.of(Shape.of(p.shape()), p.values()));
            }
            SafeTensors.write(file, weights, Map.of());
        }
        return file;
    }

    private String answer(String kind) throws IOException {
        for (String line = answers.readLine(); line != null; line = answers.readLine()) {
            if (line.startsWith(kind + " ")) {
                return line.substring(kind.length() + 1);
            }
        }
        throw new IOException("onnxruntime: its program ended");
    }

    @Override
    public double step(String caseName) throws IOException {
        orders.write("step\n");
        orders.flush();
        return Double.parseDouble(answer("check"));
    }

    @Override
    public void close() throws IOException {
        if (process != null) {
            ChildProcess.end(process, orders);
        }
    }
}
