package io.kiln.symbol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.graph.Graph;
import io.kiln.init.Normal;
import io.kiln.init.Xavier;
import io.kiln.init.Zeros;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.activation.Activation;
import io.kiln.op.index.Gather;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.DropoutOp;
import io.kiln.op.nn.Linear;
import io.kiln.op.nn.SoftmaxCrossEntropyOp;
import io.kiln.op.shape.Concat;
import io.kiln.op.shape.Reshape;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class SymbolTest {
    private static final long ANY = Shape.UNKNOWN;

    private static Symbol mlp() {
        Symbol h = Symbol.op("linear")
                .named("fc1")
                .set("units", 128)
                .set("activation", "relu")
                .of(Symbol.variable("data"));
        return Symbol.op("linear").named("fc2").set("units", "10").of(h);
    }

    private static Symbol convNet() {
        Symbol c = Symbol.op("convolution")
                .named("conv1")
                .set("channels", 8)
                .set("kernel", "(3, 3)")
                .set("pad", List.of(1, 1))
                .withoutBias()
                .of(Symbol.variable("data"));
        return Symbol.op(new BatchNormOp(1e-5, 0.9)).named("bn1").of(c).relu();
    }

    private static String message(Executable call) {
        return assertThrows(IllegalArgumentException.class, call).getMessage();
    }

    @Test
    void inputsThatAreLeftOutBecomeVariablesNamedAfterOperatorAndInput() {
        assertEquals(List.of("data", "fc1_weight", "fc1_bias", "fc2_weight", "fc2_bias"), mlp().listArguments());
        assertEquals(List.of("fc2_output"), mlp().listOutputs());
        assertEquals(List.of(), mlp().listAuxiliaryStates());
    }

    @Test
    void runningStatisticsAreAuxiliaryStates() {
        Symbol net = convNet();
        assertEquals(List.of("data", "conv1_weight", "bn1_gamma", "bn1_beta"), net.listArguments());
        assertEquals(List.of("bn1_running_mean", "bn1_running_variance"), net.listAuxiliaryStates());
    }

    @Test
    void shapesOfParametersFollowFromDataAndUnits() {
        InferredSpecs s = mlp().inferShape(Map.of("data", Shape.of(32, 784)));
        assertEquals(Shape.of(128, 784), s.shape("fc1_weight"));
        assertEquals(Shape.of(128), s.shape("fc1_bias"));
        assertEquals(Shape.of(10, 128), s.shape("fc2_weight"));
        assertEquals(Shape.of(32, 10), s.outputShape(0));
        InferredSpecs c = convNet().inferShape(Map.of("data", Shape.of(2, 3, 9, 7)));
        assertEquals(Shape.of(8, 3, 3, 3), c.shape("conv1_weight"));
        assertEquals(Shape.of(8), c.shape("bn1_running_mean"));
        assertEquals(Shape.of(2, 8, 9, 7), c.outputShape(0));
    }

    @Test
    void shapesOfTransposedConvolutionsEmbeddingsAndLabelsFollowToo() {
        Symbol up = Symbol.op("convolutionTranspose")
                .named("up")
                .set("channels", 6)
                .set("kernel", 2)
                .set("stride", 2)
                .of(Symbol.variable("x"));
        InferredSpecs s = up.inferShape(Map.of("x", Shape.of(1, 4, 5)));
        assertEquals(Shape.of(4, 6, 2), s.shape("up_weight"));
        assertEquals(Shape.of(6), s.shape("up_bias"));
        assertEquals(Shape.of(1, 6, 10), s.outputShape(0));
        Symbol table = Symbol.op(new Gather(0))
                .named("embed")
                .set("rows", 100)
                .set("units", 16)
                .of(Map.of("indices", Symbol.variable("words")));
        Symbol loss = Symbol.of(new SoftmaxCrossEntropyOp(), table, Symbol.variable("label"));
        InferredSpecs e = loss.infer(Map.of("words", Shape.of(4, 7)), Map.of("words", DType.INT32));
        assertEquals(Shape.of(100, 16), e.shape("embed_table"));
        assertEquals(Shape.of(4, 7), e.shape("label"));
    }

    @Test
    void partialInferenceLeavesTheUnknownUnknownAndZeroZero() {
        InferredSpecs nothing = mlp().inferShapePartial(Map.of());
        assertEquals(Optional.empty(), nothing.arguments().get("data").shape());
        assertEquals(Shape.of(128, ANY), nothing.shape("fc1_weight"));
        assertEquals(Shape.of(10, ANY), nothing.shape("fc2_weight"));
        InferredSpecs batch = mlp().inferShapePartial(Map.of("data", Shape.of(ANY, 20)));
        assertEquals(Shape.of(128, 20), batch.shape("fc1_weight"));
        assertEquals(Shape.of(10, 128), batch.shape("fc2_weight"));
        assertEquals(Shape.of(ANY, 10), batch.outputShape(0));
        assertEquals(
                Shape.of(0, 10),
                mlp().inferShape(Map.of("data", Shape.of(0, 20))).outputShape(0));
    }

    @Test
    void fullInferenceSaysWhatIsNotKnown() {
        String m = message(() -> mlp().inferShape(Map.of()));
        assertTrue(m.contains("data float32[…]") && m.contains("fc1_weight float32[128,?]"), m);
        m = message(() -> mlp().toGraph(Map.of("data", Shape.of(ANY, ANY))));
        assertTrue(m.contains("fc1_weight") && m.contains("[128,?]"), m);
        m = message(() -> mlp().inferShape(Map.of("date", Shape.of(1, 1))));
        assertTrue(m.contains("no variable date, only [data, fc1_weight"), m);
    }

    @Test
    void aMistakeNamesNodeAndBothShapes() {
        Symbol w = Symbol.variable("w", Shape.of(128, 100));
        Symbol fc = Symbol.op(new Linear()).named("fc1").of(Symbol.variable("data"), w);
        assertEquals(
                "in node fc1: linear: inner sizes differ: w[128,100] needs x[…,100], got x[32,784]",
                assertThrows(ShapeException.class, () -> fc.inferShape(Map.of("data", Shape.of(32, 784))))
                        .getMessage());
        Symbol more = Symbol.op(new Linear()).named("fc1").set("units", 64).of(Symbol.variable("data"), w);
        assertEquals(
                "in node fc1: linear: weight w has shape [128,100], the sizes stated for the node need [64,?]",
                message(() -> more.inferShapePartial(Map.of())));
        String m = message(() -> Symbol.variable("x", Shape.of(2, 3))
                .add(Symbol.variable("y", Shape.of(4, 3)))
                .inferShape(Map.of()));
        assertTrue(m.contains("add: shapes do not broadcast: a[2,3] and b[4,3]"), m);
        m = message(() -> Symbol.variable("x", Shape.of(2, 3)).inferShape(Map.of("x", Shape.of(2, 4))));
        assertTrue(m.contains("declared with shape [2,3], got shape [2,4]"), m);
    }

    @Test
    void aSharedVariableLearnsFromEveryUse() {
        Symbol w = Symbol.variable("w");
        Symbol tied = Symbol.op(new Linear()).named("a").withoutBias().of(Symbol.variable("x"), w);
        Symbol back =
                Symbol.op(new Linear()).named("b").set("units", 5).withoutBias().of(Symbol.variable("y"), w);
        InferredSpecs s = Symbol.group(tied, back).inferShape(Map.of("x", Shape.of(1, 3), "y", Shape.of(2, 3)));
        assertEquals(Shape.of(1, 5), s.outputShape(0));
        assertEquals(Shape.of(5, 3), s.shape("w"));
    }

    @Test
    void parametersTakeTheTypeOfTheData() {
        Symbol x = SymbolVariable.named("x").shape(2, 3, 4).make();
        Symbol y = Symbol.op(new BatchNormOp(1e-5, 0.9)).named("bn").of(x);
        InferredSpecs s = y.inferType(Map.of("x", DType.BFLOAT16));
        assertEquals(Optional.of(DType.BFLOAT16), s.arguments().get("bn_gamma").dtype());
        assertEquals(
                Optional.of(DType.FLOAT32),
                s.auxiliaryStates().get("bn_running_mean").dtype());
        assertEquals(Optional.of(DType.BFLOAT16), s.outputs().get(0).dtype());
        assertEquals(
                Optional.empty(), mlp().inferType(Map.of()).outputs().get(0).dtype());
    }

    @Test
    void inputsAreGivenByPositionOrByKeyword() {
        Symbol a = Symbol.variable("a");
        Symbol w = Symbol.variable("w");
        Composition keyword = Symbol.op("linear").named("fc").set("units", 3);
        assertEquals(
                List.of("a", "w", "fc_bias"),
                keyword.of(Map.of("weight", w, "x", a)).listArguments());
        assertTrue(message(() -> Symbol.op("linear").of(Map.of("data", a))).contains("[x, weight, bias]"));
        assertTrue(message(() -> Symbol.op("relu").of(a, w)).contains("takes at most 1 inputs [x], got 2"));
        assertTrue(message(() -> Symbol.op(new Concat(0)).of(Map.of("a", a))).contains("does not name its inputs"));
        assertTrue(message(() -> Symbol.group(a, w).relu()).contains("group of 2; pick one with get"));
        Symbol few = Symbol.of(new MatMul(), Symbol.variable("only", Shape.of(2, 2)));
        assertTrue(message(() -> few.inferShape(Map.of())).contains("in node matMul"));
    }

    @Test
    void attributesOfOperatorsAreValuesOrText() {
        Symbol typed = Symbol.op("slice")
                .named("s")
                .set("start", List.of(1))
                .set("stop", new long[] {3})
                .set("step", 1)
                .of(Symbol.variable("x", Shape.of(5)));
        Symbol text = Symbol.op("slice")
                .named("s")
                .set("start", "[1]")
                .set("stop", "(3,)")
                .set("step", "1")
                .of(Symbol.variable("x", Shape.of(5)));
        assertEquals(typed.toGraph(Map.of()), text.toGraph(Map.of()));
        assertEquals(Shape.of(2), text.inferShape(Map.of()).outputShape(0));
        assertTrue(
                message(() -> Symbol.op("dropout").set("rate", "much").of()).contains("rate needs a double, got much"));
        assertTrue(message(() -> Symbol.op("dropout").of()).contains("attributes [rate] must be given"));
        assertTrue(message(() -> Symbol.op("linear").set("unit", 3).of()).contains("no attribute \"unit\""));
        assertTrue(message(() -> Symbol.op("runtime")).contains("unknown Operator"));
        assertTrue(message(() -> Symbol.op(new Linear())
                        .set("activation", Activation.RELU)
                        .of())
                .contains("[activation] are attributes of the operator that was given"));
    }

    @Test
    void groupsInternalsAndOutputsAreIndexedByNumberAndName() {
        Symbol net = mlp();
        Symbol internals = net.internals();
        assertEquals(
                List.of("data", "fc1_weight", "fc1_bias", "fc1_output", "fc2_weight", "fc2_bias", "fc2_output"),
                internals.listOutputs());
        Symbol features = internals.get("fc1_output");
        assertEquals(List.of("data", "fc1_weight", "fc1_bias"), features.listArguments());
        Symbol group = Symbol.group(net, features);
        assertEquals(2, group.size());
        assertEquals(List.of("fc2_output", "fc1_output"), group.listOutputs());
        assertEquals(features, group.get(1));
        assertEquals(features, group.get("fc1_output"));
        assertEquals(
                List.of("fc1_output", "fc2_weight", "fc2_bias"), net.children().listOutputs());
        assertTrue(message(() -> group.get("fc3_output")).contains("only [fc2_output, fc1_output]"));
        Symbol mask = Symbol.op(new DropoutOp(0.5)).named("drop").of(net).output(1);
        assertEquals(List.of("drop_output1"), mask.listOutputs());
        assertTrue(message(() -> mask.output(2).inferShape(Map.of("data", Shape.of(1, 2))))
                .contains("output 2 was asked for, dropout has 2"));
    }

    @Test
    void composingASymbolPutsOthersInPlaceOfItsVariables() {
        Symbol head = Symbol.op("linear").named("head").set("units", 2).of(Symbol.variable("features"));
        Symbol byName = head.compose(Map.of("features", mlp()));
        Symbol byPosition = head.compose(mlp());
        assertEquals(byName.listArguments(), byPosition.listArguments());
        assertEquals(
                Shape.of(4, 2),
                byName.inferShape(Map.of("data", Shape.of(4, 9))).outputShape(0));
        assertEquals(List.of("features", "head_weight", "head_bias"), head.listArguments());
        assertTrue(message(() -> head.compose(Map.of("feature", mlp()))).contains("no variable feature"));
    }

    @Test
    void scopesGivePrefixesAttributesAndNamesThatBeginAnew() {
        for (int i = 0; i < 2; i++) {
            try (SymbolScope scope = SymbolScope.open("enc_").attribute("lr_mult", "0.1")) {
                Symbol x = Symbol.variable("x");
                Symbol y;
                try (SymbolScope inner = SymbolScope.open("a_").attribute("stage", "1")) {
                    y = x.relu();
                }
                Symbol z = Symbol.op("relu").attribute("lr_mult", "2").of(y);
                assertEquals(
                        List.of("enc_x", "enc_a_relu0_output", "enc_relu0_output"),
                        z.internals().listOutputs());
                assertEquals(Optional.of("2"), z.attribute("lr_mult"));
                assertEquals(
                        Map.of("lr_mult", "0.1", "stage", "1"), z.attributes().get("enc_a_relu0"));
            }
        }
        assertEquals(Optional.empty(), Symbol.variable("x").attribute("lr_mult"));
    }

    @Test
    void namesMustBeUnique() {
        Symbol twice = Symbol.variable("x", Shape.of(2)).add(Symbol.variable("x", Shape.of(2)));
        assertTrue(message(() -> twice.inferShape(Map.of())).contains("the name x occurs twice"));
    }

    @Test
    void graphsHoldInputsParametersUpdatesAndAttributes() {
        Graph g = convNet().toGraph(Map.of("data", Shape.of(ANY, 3, 9, 7)));
        assertEquals(List.of(new Graph.Input("data", new Spec(Shape.of(ANY, 3, 9, 7), DType.FLOAT32))), g.inputs());
        assertEquals(
                List.of("conv1_weight", "bn1_gamma", "bn1_beta", "bn1_running_mean", "bn1_running_variance"),
                g.parameters().stream().map(Graph.ParameterInfo::name).toList());
        assertEquals(Optional.of(new Xavier()), g.parameters().get(0).initializer());
        assertEquals(
                List.of("bn1_running_mean", "bn1_running_variance"),
                g.updates().stream().map(Graph.Update::parameter).toList());
        Symbol w = SymbolVariable.named("w")
                .initializer(new Normal(0.5))
                .attribute("lr_mult", "3")
                .make();
        Symbol y = Symbol.op(new Linear()).named("fc").set("units", 4).of(Symbol.variable("x"), w);
        Graph h = y.toGraph(Map.of("x", Shape.of(ANY, 2)));
        assertEquals(Optional.of(new Normal(0.5)), h.parameters().get(0).initializer());
        assertEquals(Optional.of(new Zeros()), h.parameters().get(1).initializer());
        assertEquals(Map.of("w", Map.of("lr_mult", "3")), h.attributes());
    }

    @Test
    void symbolsSurviveTheWayThroughGraphAndJson() {
        Symbol w = SymbolVariable.named("w").attribute("lr_mult", "3").make();
        Symbol net = Symbol.group(
                Symbol.op(new Linear()).named("fc").set("units", 4).of(convNet().flatten(1), w), convNet());
        String error = message(() -> net.toGraph(Map.of("data", Shape.of(ANY, 3, 9, 7))));
        assertTrue(error.contains("the name"), error);
        Symbol body = convNet();
        Symbol both = Symbol.group(
                body.get(0), Symbol.op(new Linear()).named("fc").set("units", 4).of(body.flatten(1), w));
        Graph g = both.toGraph(Map.of("data", Shape.of(ANY, 3, 9, 7)));
        assertEquals(g, Graph.fromJson(g.toJson()));
        Symbol read = Symbol.fromJson(both.toJson(Map.of("data", Shape.of(ANY, 3, 9, 7))));
        assertEquals(both.listArguments(), read.listArguments());
        assertEquals(both.listAuxiliaryStates(), read.listAuxiliaryStates());
        assertEquals(both.listOutputs(), read.listOutputs());
        assertEquals(both.attributes(), read.attributes());
        assertEquals(g, read.toGraph(Map.of()));
        Graph cut = read.internals().get("conv1_output").toGraph(Map.of());
        assertEquals(List.of(), cut.updates());
        assertFalse(read.toGraph(Map.of()).updates().isEmpty());
    }

    @Test
    void methodsReadAsThoseOfArrays() {
        Symbol x = Symbol.variable("x", Shape.of(2, 6));
        Symbol y = x.sub(1)
                .mul(2)
                .div(4)
                .reshape(2, 3, 2)
                .transpose(0, 2, 1)
                .slice(2, 0, 2)
                .mean(-1)
                .softmax(-1)
                .expandDims(0)
                .matmul(Symbol.variable("m", Shape.of(2, 5)))
                .gt(Symbol.variable("t", Shape.of(5)))
                .cast(DType.FLOAT32);
        assertEquals(Shape.of(1, 2, 5), y.inferShape(Map.of()).outputShape(0));
        String m = message(() -> Symbol.of(new Reshape(Shape.of(4, 4)), x).inferShape(Map.of()));
        assertTrue(m.startsWith("in node reshape") && m.contains("x[2,6]") && m.contains("[4,4]"), m);
    }
}
