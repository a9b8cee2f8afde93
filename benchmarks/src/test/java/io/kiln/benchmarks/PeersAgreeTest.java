package io.kiln.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.benchmarks.net.Network;
import io.kiln.benchmarks.net.SequenceModel;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.zoo.ResNet;
import io.kiln.view.Summary;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Runs contenders in their own JVMs, shortly: all compute the same, and the harness notices when one fails. */
@Timeout(600)
@Execution(ExecutionMode.CONCURRENT)
class PeersAgreeTest {

    @TempDir
    Path scratch;

    private List<Result> run(Workload workload, Plan plan) throws Exception {
        return new Bench(new Setup(2, InstructionSet.NATIVE, scratch, ""), line -> {}).run(workload, plan);
    }

    @Test
    void networksHaveTheSizesOfTheirDescription() {
        assertEquals(535_818, Network.MLP.parameterCount());
        assertEquals(876_938, Network.LENET.parameterCount());
        assertEquals(11_173_962, Network.RESNET18.parameterCount());
        assertEquals(25_557_032, Network.RESNET50.parameterCount());
        assertEquals(2 * 6_400_000 + 8_256 + 2_080 + 33, Network.NCF.parameterCount());
        assertEquals(14_452_496, count(SequenceModel.LSTM));
        assertEquals(28_359_178, count(SequenceModel.TRANSFORMER));
    }

    @Test
    void residualNetworksAreThoseOfTheZoo() {
        assertEquals(
                trained(ResNet.v1(18).classes(10).smallImages(true).build(), 32), Network.RESNET18.parameterCount());
        assertEquals(trained(ResNet.v1(50).build(), 224), Network.RESNET50.parameterCount());
    }

    private static long trained(Block network, long side) {
        return Summary.of(network, new Spec(Shape.of(1, 3, side, side), DType.FLOAT32))
                .parameters();
    }

    @Test
    void allEnginesBeginResNetAndNcfWithTheSameLoss() throws Exception {
        for (String name : List.of("resnet18", "ncf")) {
            Result result = run(Workloads.named(name), new Plan(0, 1, 0, 2)).get(0);
            assertEquals(List.of(), unlike(result), name);
            assertEquals(5, result.figures().size(), name);
        }
    }

    private static long count(SequenceModel model) {
        return model.parameters().stream().mapToLong(p -> p.values().length).sum();
    }

    @Test
    void allEnginesBeginWithTheSameLossAndLearn() throws Exception {
        for (String name : List.of("mlp", "lenet")) {
            Workload workload = Workloads.named(name);
            Result result = run(workload, new Plan(0, 2, 5, 20)).get(0);
            assertEquals(List.of(), result.faults(), name);
            assertEquals(workload.contenders().keySet(), result.figures().keySet());
            result.figures().values().forEach(f -> assertEquals(40, f.samples()));
        }
    }

    @Test
    void allEnginesPredictTheSame() throws Exception {
        for (String name : List.of("resnet18-infer", "ncf-infer")) {
            Result result = run(Workloads.named(name), new Plan(0, 1, 0, 2)).get(0);
            assertEquals(List.of(), result.faults(), name);
        }
    }

    @Test
    void allEnginesFindTheSameLossOfSequences() throws Exception {
        for (String name : List.of("lstm", "transformer")) {
            Workload workload = Workloads.named(name + "-infer");
            Result result = run(workload, new Plan(0, 1, 0, 1)).get(0);
            assertEquals(List.of(), result.faults(), name);
            assertEquals(
                    workload.contenders().keySet(),
                    Workloads.named(name).contenders().keySet());
        }
    }

    @Test
    void kilnAndLibtorchTransformDataFramesToTheSame() throws Exception {
        Workload workload = Workloads.named("transform-minilm").only(List.of("kiln", "djl"));
        Result result = run(workload, new Plan(0, 1, 0, 1)).get(0);
        assertEquals(List.of(), result.faults());
        assertEquals(2, result.figures().size());
    }

    @Test
    void compiledSequencesAndMxnetsGraphsBeginTrainingWithTheSameLoss() throws Exception {
        for (String name : List.of("lstm", "transformer")) {
            Workload workload = Workloads.named(name).only(List.of("kiln", "kiln-eager", "mxnet"));
            Result result = run(workload, new Plan(0, 1, 0, 2)).get(0);
            assertEquals(List.of(), unlike(result), name);
            Inside compiled = result.figures().get("kiln").inside();
            Inside eager = result.figures().get("kiln-eager").inside();
            assertEquals(eager.gflop(), compiled.gflop(), 0.02 * eager.gflop(), name);
            assertTrue(compiled.internalMiB() < eager.internalMiB(), compiled + " " + eager);
            assertTrue(compiled.oneDnnShare() > 0.3 && compiled.oneDnnShare() < 1, compiled.toString());
            assertTrue(compiled.residentMiB() > compiled.internalMiB(), compiled.toString());
        }
    }

    private static List<String> unlike(Result result) {
        return result.faults().stream().filter(f -> !f.contains("did not fall")).toList();
    }

    @Test
    void compilingGivesKernelCallsAndPlanningFewerBytesThanNaive() throws Exception {
        Result compiled =
                run(Workloads.named("compile-infer"), new Plan(0, 1, 0, 1)).get(0);
        assertTrue(compiled.figures().get("kiln").checks().last() >= 53, compiled.toString()); // its convolutions
        Workload memory = Workloads.named("memory");
        Workload vgg = new Workload(
                memory.name(),
                memory.title(),
                memory.cases().subList(1, 2),
                memory.contenders(),
                memory.references(),
                memory.check(),
                memory.plan(),
                memory.network());
        Result planned = run(vgg, memory.plan()).get(0);
        assertEquals(Optional.of(true), planned.measured().aims().get(0).isMet(planned), planned.toString());
    }

    @Test
    void allEnginesAddMultiplyAndConvolveTheSame() throws Exception {
        for (Result result : run(Workloads.named("op-overhead"), new Plan(0, 1, 0, 2))) {
            assertEquals(List.of(), result.faults());
        }
    }

    @Test
    void aContenderThatFailsLeavesTheRaceAndIsNamed() throws Exception {
        Workload add = Workloads.named("op-overhead");
        Workload broken = new Workload(
                add.name(),
                add.title(),
                List.of(Workload.Case.milliseconds("no\nsuch", "ms")),
                add.only(List.of("libtorch")).contenders(),
                add.references(),
                add.check(),
                add.plan(),
                add.network());
        Result result = run(broken, new Plan(0, 1, 0, 1)).get(0);
        assertTrue(result.figures().isEmpty());
        assertTrue(
                result.faults().get(0).startsWith("libtorch: error"),
                result.faults().toString());
        assertEquals("BENCH op-overhead ms kiln=- libtorch=- ratio=-", Report.line(result));
    }

    @Test
    void anUnknownWorkloadIsNamedBesideTheKnownOnes() {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Workloads.named("mpl"));
        assertTrue(e.getMessage().contains("mlp") && e.getMessage().endsWith("got mpl"), e.getMessage());
    }
}
