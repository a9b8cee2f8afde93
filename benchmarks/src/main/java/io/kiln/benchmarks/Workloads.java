package io.kiln.benchmarks;

import io.kiln.benchmarks.Workload.Case;
import io.kiln.benchmarks.djl.DjlInference;
import io.kiln.benchmarks.djl.DjlOperators;
import io.kiln.benchmarks.djl.DjlTraining;
import io.kiln.benchmarks.djl.DjlTransform;
import io.kiln.benchmarks.djl.MxSequences;
import io.kiln.benchmarks.djl.MxSymbolInference;
import io.kiln.benchmarks.djl.MxSymbolSequences;
import io.kiln.benchmarks.djl.MxSymbolTraining;
import io.kiln.benchmarks.djl.TorchNarrow;
import io.kiln.benchmarks.djl.TorchSequences;
import io.kiln.benchmarks.kiln.KilnCompile;
import io.kiln.benchmarks.kiln.KilnExchange;
import io.kiln.benchmarks.kiln.KilnFeed;
import io.kiln.benchmarks.kiln.KilnFit;
import io.kiln.benchmarks.kiln.KilnInference;
import io.kiln.benchmarks.kiln.KilnMemory;
import io.kiln.benchmarks.kiln.KilnOperators;
import io.kiln.benchmarks.kiln.KilnSequences;
import io.kiln.benchmarks.kiln.KilnTraining;
import io.kiln.benchmarks.kiln.KilnTransform;
import io.kiln.benchmarks.net.Network;
import io.kiln.benchmarks.net.SequenceModel;
import io.kiln.benchmarks.onednn.BareOperators;
import io.kiln.benchmarks.spark.Allreduce;
import io.kiln.benchmarks.spark.BlockExchange;
import io.kiln.benchmarks.spark.FeedData;
import io.kiln.benchmarks.spark.InternalRowFeed;
import io.kiln.benchmarks.spark.MllibFit;
import io.kiln.benchmarks.spark.NioExchange;
import io.kiln.benchmarks.spark.OnnxTransform;
import io.kiln.benchmarks.spark.RowFeed;
import io.kiln.benchmarks.spark.TransformData;
import io.kiln.op.Precision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** All workloads, in the order in which they run. */
public final class Workloads {

    private static final String TORCH = "libtorch";
    private static final String TORCH_NARROW = "libtorch-bf16";
    private static final String MXNET = "mxnet";
    private static final String MXNET_EAGER = "mxnet-eager";
    private static final String BARE = "bare";
    private static final String NIO = "nio";
    private static final String BLOCK_PUSH = "block-push";

    private static final Plan LIGHT = new Plan(4, 6, 5, 20);
    private static final Plan MIDDLE = new Plan(3, 4, 1, 5);
    private static final Plan HEAVY = new Plan(2, 3, 1, 3);

    private static final List<Workload> ALL = List.of(
            training(
                    "mlp",
                    "Training step of 784-512-256-10, batch 128, SGD with momentum, float32",
                    Network.MLP,
                    LIGHT,
                    3),
            inference("mlp-infer", "Outputs of 784-512-256-10, batch 128, float32", Network.MLP, LIGHT, 2),
            training(
                    "lenet", "Training step of LeNet, batch 64, SGD with momentum, float32", Network.LENET, LIGHT, 2.5),
            inference("lenet-infer", "Outputs of LeNet, batch 64, float32", Network.LENET, LIGHT, 2),
            training(
                    "resnet18",
                    "Training step of ResNet-18 on 3×32×32, batch 32, SGD with momentum, float32",
                    Network.RESNET18,
                    MIDDLE,
                    1.8),
            inference(
                    "resnet18-infer",
                    "Outputs of ResNet-18 for 3×32×32, batch 32, float32",
                    Network.RESNET18,
                    MIDDLE,
                    1.8),
            training(
                    "resnet50",
                    "Training step of ResNet-50 on 3×224×224, batch 8, SGD with momentum, float32",
                    Network.RESNET50,
                    HEAVY,
                    1.6),
            inference(
                    "resnet50-infer",
                    "Outputs of ResNet-50 for 3×224×224, batch 8, float32",
                    Network.RESNET50,
                    HEAVY,
                    2),
            narrowTraining(),
            narrowInference(),
            training(
                    "ncf",
                    "Training step of two embeddings 100,000×64 and 128-64-32-1, batch 4,096, SGD with momentum, float32",
                    Network.NCF,
                    LIGHT,
                    2),
            inference(
                    "ncf-infer",
                    "Outputs of two embeddings 100,000×64 and 128-64-32-1, batch 4,096, float32",
                    Network.NCF,
                    LIGHT,
                    2),
            sequences(SequenceModel.LSTM, true, 1.5),
            sequences(SequenceModel.LSTM, false, 1.5),
            sequences(SequenceModel.TRANSFORMER, true, 1.8),
            sequences(SequenceModel.TRANSFORMER, false, 1.8),
            opOverhead(),
            compilation(true),
            compilation(false),
            scaling(true),
            scaling(false),
            memory(),
            estimator(),
            feed(),
            transform(TransformData.MLP, "784-512-256-10 to arrays of 784 floats"),
            transform(TransformData.RESNET18, "ResNet-18 to arrays of 3×32×32 floats"),
            transform(TransformData.MINILM, "an encoder of MiniLM-L6's size to arrays of 128 numbers of words"),
            allreduce());

    private Workloads() {}

    /** All of them. */
    public static List<Workload> all() {
        return ALL;
    }

    /** The workload of that name. */
    public static Workload named(String name) {
        return ALL.stream()
                .filter(w -> w.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("workload: expected one of "
                        + ALL.stream().map(Workload::name).collect(Collectors.joining(", ")) + ", got " + name));
    }

    private static Workload training(String name, String title, Network network, Plan plan, double aim) {
        return new Workload(
                name,
                title,
                List.of(Case.milliseconds("train", "step_ms").aim(Aim.overBest(aim))),
                contenders(
                        entry(Workload.KILN, () -> new KilnTraining(network, true)),
                        entry(Workload.EAGER, () -> new KilnTraining(network, false)),
                        entry(TORCH, () -> new DjlTraining("PyTorch", network)),
                        entry(MXNET, () -> new MxSymbolTraining(network)),
                        entry(MXNET_EAGER, () -> new DjlTraining("MXNet", network))),
                Set.of(Workload.EAGER),
                Check.LOSS_FALLS,
                plan,
                true);
    }

    private static Workload inference(String name, String title, Network network, Plan plan, double aim) {
        return new Workload(
                name,
                title,
                List.of(Case.milliseconds("infer", "batch_ms").aim(Aim.overBest(aim))),
                contenders(
                        entry(Workload.KILN, () -> new KilnInference(network, true)),
                        entry(Workload.EAGER, () -> new KilnInference(network, false)),
                        entry(TORCH, () -> new DjlInference("PyTorch", network)),
                        entry(MXNET, () -> new MxSymbolInference(network)),
                        entry(MXNET_EAGER, () -> new DjlInference("MXNet", network))),
                Set.of(Workload.EAGER),
                Check.SAME,
                plan,
                true);
    }

    private static Workload narrowTraining() {
        Network network = Network.RESNET50;
        return new Workload(
                "resnet50-bf16",
                "Training step of ResNet-50 on 3×224×224, batch 8, SGD with momentum, Kiln and libtorch-bf16 in bfloat16",
                List.of(Case.milliseconds("train", "step_ms").aim(Aim.overBest(2.5))),
                contenders(
                        entry(Workload.KILN, () -> new KilnTraining(network, true, Precision.BFLOAT16)),
                        entry(Workload.EAGER, () -> new KilnTraining(network, false, Precision.BFLOAT16)),
                        entry(TORCH_NARROW, () -> new TorchNarrow(network, true)),
                        entry(TORCH, () -> new DjlTraining("PyTorch", network)),
                        entry(MXNET, () -> new MxSymbolTraining(network))),
                Set.of(Workload.EAGER),
                Check.NARROW_LOSS_FALLS,
                HEAVY,
                true);
    }

    private static Workload narrowInference() {
        Network network = Network.RESNET50;
        return new Workload(
                "resnet50-bf16-infer",
                "Outputs of ResNet-50 for 3×224×224, batch 8, Kiln and libtorch-bf16 in bfloat16",
                List.of(Case.milliseconds("infer", "batch_ms").aim(Aim.overBest(3.5))),
                contenders(
                        entry(Workload.KILN, () -> new KilnInference(network, true, Precision.BFLOAT16)),
                        entry(Workload.EAGER, () -> new KilnInference(network, false, Precision.BFLOAT16)),
                        entry(TORCH_NARROW, () -> new TorchNarrow(network, false)),
                        entry(TORCH, () -> new DjlInference("PyTorch", network)),
                        entry(MXNET, () -> new MxSymbolInference(network))),
                Set.of(Workload.EAGER),
                Check.SAME_NARROW,
                HEAVY,
                true);
    }

    private static Workload sequences(SequenceModel model, boolean training, double aim) {
        String what = model == SequenceModel.LSTM
                ? "an LSTM language model, 2×512, 10,000 words, 32 rows of 35"
                : "a transformer encoder, 4 layers of 768/12/3,072, 8 sequences of 128";
        String name = model == SequenceModel.LSTM ? "lstm" : "transformer";
        return new Workload(
                training ? name : name + "-infer",
                (training ? "Training step of " : "Outputs and mean loss of ") + what + ", float32",
                List.of((training ? Case.milliseconds("train", "step_ms") : Case.milliseconds("infer", "batch_ms"))
                        .aim(Aim.overBest(aim))),
                contenders(
                        entry(Workload.KILN, () -> new KilnSequences(model, training, true)),
                        entry(Workload.EAGER, () -> new KilnSequences(model, training, false)),
                        entry(TORCH, () -> new TorchSequences(model, training)),
                        entry(MXNET, () -> new MxSymbolSequences(model, training)),
                        entry(MXNET_EAGER, () -> new MxSequences(model, training))),
                Set.of(Workload.EAGER),
                training ? Check.LOSS_FALLS : Check.SAME,
                new Plan(4, 4, 2, 6),
                true);
    }

    private static Workload opOverhead() {
        Aim[] aims = {Aim.over(TORCH, 1), Aim.over(BARE, 1 / 1.5)};
        return new Workload(
                "op-overhead",
                "Eager operator on 8×8 float32 matrices, and 3×3 convolution from 8 to 8 channels of 8×8; bare is oneDNN's call alone",
                List.of(
                        Case.microseconds(Operators.ADD, "add_us", Operators.CALLS)
                                .aim(aims),
                        Case.microseconds(Operators.MATMUL, "matmul_us", Operators.CALLS)
                                .aim(aims),
                        Case.microseconds(Operators.CONV, "conv_us", Operators.CALLS)
                                .aim(aims)),
                contenders(
                        entry(Workload.KILN, KilnOperators::new),
                        entry(BARE, BareOperators::new),
                        entry(TORCH, () -> new DjlOperators("PyTorch")),
                        entry(MXNET_EAGER, () -> new DjlOperators("MXNet"))),
                Set.of(BARE),
                Check.SAME,
                new Plan(4, 6, 5, 20),
                false);
    }

    private static Workload compilation(boolean training) {
        return new Workload(
                training ? "compile" : "compile-infer",
                "ResNet-50 from blocks to the program of a " + (training ? "training step" : "prediction")
                        + ": traced and compiled, first in a new JVM and again (check: kernel calls)",
                List.of(
                        Case.seconds(KilnCompile.FIRST, "first_s").aim(Aim.atMost(2)),
                        Case.seconds(KilnCompile.WARM, "warm_s").aim(Aim.atMost(2))),
                contenders(entry(Workload.KILN, () -> new KilnCompile(training))),
                Set.of(),
                Check.SHOWN,
                new Plan(0, 1, 0, 5),
                false);
    }

    private static Workload scaling(boolean training) {
        Network network = Network.RESNET50;
        String what = " ResNet-50 on 3×224×224, batch 8, float32, by all threads and by one";
        return new Workload(
                training ? "scaling" : "scaling-infer",
                (training ? "Training step of" : "Outputs of") + what,
                List.of((training ? Case.milliseconds("train", "step_ms") : Case.milliseconds("infer", "batch_ms"))
                        .aim(Aim.overBest(1.8))),
                contenders(
                        entry(
                                Workload.KILN,
                                () -> training ? new KilnTraining(network, true) : new KilnInference(network, true)),
                        entry(
                                "kiln-one-thread",
                                () -> new OneThread(
                                        training
                                                ? new KilnTraining(network, true)
                                                : new KilnInference(network, true)))),
                Set.of(),
                training ? Check.LOSS_FALLS : Check.SAME,
                HEAVY,
                false);
    }

    private static Workload memory() {
        return new Workload(
                "memory",
                "Memory for the values on the way in compiled networks, batch 32, planned beside naive (nothing fused or shared)",
                KilnMemory.cases(),
                contenders(
                        entry(Workload.KILN, () -> new KilnMemory(false)), entry("naive", () -> new KilnMemory(true))),
                Set.of(),
                Check.SHOWN,
                new Plan(0, 1, 0, 1),
                false);
    }

    private static Workload estimator() {
        return new Workload(
                "estimator",
                "From fit() to a test accuracy (check: the one reached), 784-512-256-10 on 8,000 digits, local[2]",
                List.of(
                        Case.seconds("0.95", "to_95_s").aim(Aim.overBest(10)),
                        Case.seconds("0.97", "to_97_s").aim(Aim.overBest(10))),
                contenders(
                        entry(Workload.KILN, KilnFit::new),
                        entry("mllib", () -> new MllibFit("l-bfgs", 0.03, 128, 30)),
                        entry("mllib-gd", () -> new MllibFit("gd", 0.5, 128, 30))),
                Set.of(),
                Check.SHOWN,
                new Plan(0, 1, 0, 1),
                false);
    }

    private static Workload feed() {
        return new Workload(
                "feed",
                "Cached DataFrame of 784-float arrays into batches of 128, local[2]",
                List.of(
                        Case.rate(FeedData.FIRST_PASS, "rows_per_s", FeedData.ROWS)
                                .aim(Aim.overBest(2)),
                        Case.rate(FeedData.NEXT_PASS, "next_epoch_rows_per_s", FeedData.ROWS)
                                .aim(Aim.overBest(2))),
                contenders(
                        entry(Workload.KILN, KilnFeed::new),
                        entry("row", RowFeed::new),
                        entry("internal-row", InternalRowFeed::new)),
                Set.of("internal-row"),
                Check.SAME,
                new Plan(8, 4, 2, 8),
                false);
    }

    private static Workload transform(TransformData data, String what) {
        return new Workload(
                "transform-" + data.name().toLowerCase(Locale.ROOT),
                "Rows of a cached DataFrame per second, applying " + what + ", float32, local[2]",
                List.of(Case.rate("transform", "rows_per_s", data.rows()).aim(Aim.overBest(1.3))),
                contenders(
                        entry(Workload.KILN, () -> new KilnTransform(data)),
                        entry("onnxruntime", () -> new OnnxTransform(data)),
                        entry("djl", () -> new DjlTransform(data))),
                Set.of(),
                Check.SAME,
                new Plan(8, 3, 1, 4),
                false);
    }

    private static Workload allreduce() {
        return new Workload(
                "allreduce",
                "Sum of the float32 arrays of two executor JVMs",
                List.of(
                        Case.milliseconds(Integer.toString(64 << 20), "64MiB_ms")
                                .aim(Aim.over(NIO, 0.7), Aim.over(BLOCK_PUSH, 3)),
                        Case.milliseconds(Integer.toString(1 << 20), "1MiB_ms")
                                .aim(Aim.over(NIO, 0.7), Aim.over(BLOCK_PUSH, 3))),
                contenders(
                        entry(
                                Workload.KILN,
                                () -> new Allreduce("allReduce over Spark's network layer", KilnExchange::new)),
                        entry(NIO, () -> new Allreduce("java.nio sockets", NioExchange::new)),
                        entry(
                                BLOCK_PUSH,
                                () -> new Allreduce(
                                        "block manager, uploadBlockSync",
                                        (link, floats) -> new BlockExchange(link, floats, true))),
                        entry(
                                "block-pull",
                                () -> new Allreduce(
                                        "block manager, put and getRemoteBytes",
                                        (link, floats) -> new BlockExchange(link, floats, false)))),
                Set.of(),
                Check.SAME,
                new Plan(6, 4, 3, 10),
                false);
    }

    private record Entry(String name, Supplier<Contender> maker) {}

    private static Entry entry(String name, Supplier<Contender> maker) {
        return new Entry(name, maker);
    }

    private static Map<String, Supplier<Contender>> contenders(Entry... entries) {
        Map<String, Supplier<Contender>> contenders = new LinkedHashMap<>();
        for (Entry entry : entries) {
            contenders.put(entry.name(), entry.maker());
        }
        return contenders;
    }
}
