package io.kiln.spark.job;

import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.nn.GraphBlock;
import io.kiln.spark.feed.FeedColumn;
import io.kiln.spark.feed.FeedSpec;
import io.kiln.spark.feed.Field;
import io.kiln.spark.feed.InputBinding;
import io.kiln.spark.feed.Labels;
import io.kiln.spark.feed.NetworkInputs;
import io.kiln.spark.feed.PackedData;
import io.kiln.spark.model.Network;
import io.kiln.spark.model.Standardization;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains a network with named inputs and outputs, with a loss for each output that has a target.
 *
 * @param network the network
 * @param inputs which columns feed which inputs
 * @param normalization what is done to inputs inside the network
 * @param targets which columns train which outputs
 * @param rows the other columns
 * @param counted the inputs whose texts were counted for this fit
 * @param standardizesTarget whether the targets of the only output, one number each, are standardised
 */
public record HeadsWork(
        Network network,
        InputBinding inputs,
        Normalization normalization,
        Targets targets,
        Rows rows,
        Set<String> counted,
        boolean standardizesTarget)
        implements Work {
    private static final Logger LOG = LoggerFactory.getLogger(HeadsWork.class);

    /** Makes the set unmodifiable. */
    public HeadsWork {
        counted = Set.copyOf(counted);
    }

    /**
     * Columns about whole rows, and what invalid ones do.
     *
     * @param weightCol name of the column of sample weights; empty for none
     * @param validationIndicatorCol name of the column that marks validation rows; empty for none
     * @param skipInvalid whether rows with null, NaN or infinite values are skipped instead of rejected
     */
    public record Rows(String weightCol, String validationIndicatorCol, boolean skipInvalid) {}

    @Override
    public void check(String uid, StructType schema, ValidationMetric.Asked asked) {
        if (!rows.weightCol().isEmpty()) {
            StructField f =
                    FeedColumn.find(schema, "weightCol", rows.weightCol()).field();
            if (!(f.dataType() instanceof NumericType)) {
                throw new IllegalArgumentException("weightCol: column \"%s\" is of type %s; expected a number"
                        .formatted(rows.weightCol(), f.dataType().catalogString()));
            }
        }
        if (!rows.validationIndicatorCol().isEmpty()) {
            StructField f = FeedColumn.find(schema, "validationIndicatorCol", rows.validationIndicatorCol())
                    .field();
            if (!(f.dataType() instanceof BooleanType)) {
                throw new IllegalArgumentException(
                        "validationIndicatorCol: column \"%s\" is of type %s; expected boolean, true for validation rows"
                                .formatted(
                                        rows.validationIndicatorCol(),
                                        f.dataType().catalogString()));
            }
        }
        targets.check(schema);
        bind(schema, Map.of()).ifPresent(in -> prepare(uid, schema, in).goal().measures(asked, 0));
    }

    /**
     * The network that a fit would train, if the schema determines it.
     *
     * @param uid the estimator's uid, for messages
     * @param schema the DataFrame's schema
     * @return its graph; empty if a column of arrays or vectors must be read first, since its width is not stated
     */
    public Optional<Graph> graph(String uid, StructType schema) {
        return bind(schema, Map.of())
                .map(in -> prepare(uid, schema, in).network().graph());
    }

    private Optional<NetworkInputs> bind(StructType schema, Map<String, Integer> widths) {
        return inputs.bind(schema, network.inputs(), c -> width(widths, c));
    }

    private static OptionalInt width(Map<String, Integer> widths, FeedColumn c) {
        return widths.containsKey(c.name()) ? OptionalInt.of(widths.get(c.name())) : OptionalInt.empty();
    }

    @Override
    public Optional<FeedColumn> unknownWidth(StructType schema, Map<String, Integer> widths) {
        List<FeedColumn> asked = new ArrayList<>();
        inputs.bind(schema, network.inputs(), c -> {
            OptionalInt known = width(widths, c);
            if (known.isEmpty()) {
                asked.add(c);
            }
            return known;
        });
        return asked.stream().findFirst();
    }

    @Override
    public Prepared prepare(String uid, StructType schema, Map<String, Integer> widths) {
        return prepare(uid, schema, bind(schema, widths).orElseThrow());
    }

    private Prepared prepare(String uid, StructType schema, NetworkInputs in) {
        normalization.check(in);
        Network.Traced traced = network.trace(in.specs());
        normalization.checkKept(traced, in);
        Graph whole = traced.graph();
        List<String> names = targets.outputs(whole);
        Graph graph = new Graph(
                whole.inputs(),
                whole.parameters(),
                whole.nodes(),
                names.stream().map(whole::find).toList(),
                whole.updates(),
                whole.attributes(),
                names);
        checkReached(uid, graph, traced.frozen());
        List<Field> fields = new ArrayList<>(in.fields());
        List<Heads.Head> heads = new ArrayList<>();
        String label = "";
        for (int h = 0; h < names.size(); h++) {
            Spec output = graph.spec(graph.outputs().get(h));
            Field f = targets.field(schema, names.get(h), h, output, inputs, in);
            boolean isLabel = standardizesTarget && targets.isNumber(schema);
            heads.add(new Heads.Head(
                    names.get(h),
                    targets.loss(h),
                    targets.weight(h),
                    isLabel ? Heads.Head.LABEL : fields.size(),
                    f.dtype(),
                    f.rowShape(),
                    f.isRagged(),
                    targets.classes(h, output)));
            if (isLabel) {
                label = targets.targetCols().get(0);
            } else {
                fields.add(f);
            }
        }
        Heads goal = new Heads(heads);
        checkLosses(graph, goal);
        FeedSpec spec = new FeedSpec(
                fields, label, rows.weightCol(), rows.validationIndicatorCol(), new Labels(0), rows.skipInvalid());
        TrainingPlan.NamedInput input = new TrainingPlan.NamedInput(
                in,
                fields.subList(in.fields().size(), fields.size()).stream()
                        .map(Field::part)
                        .toList());
        return new Prepared(traced.with(graph, traced.values()), spec, input, goal, 0);
    }

    /** Rejects parameters that no loss depends on: they would keep the values that they were drawn with. */
    private static void checkReached(String uid, Graph graph, Set<String> frozen) {
        Set<String> idle = new TreeSet<>();
        graph.parameters().stream()
                .filter(p -> p.role().isTrained() && !frozen.contains(p.name()))
                .forEach(p -> idle.add(p.name()));
        graph.upTo(graph.outputNames()).parameters().forEach(p -> idle.remove(p.name()));
        if (!idle.isEmpty()) {
            throw new IllegalArgumentException(
                    "%s: targetNames: no target trains parameters %s of the network; add a target for an output that depends on them, or freeze them"
                            .formatted(uid, idle));
        }
    }

    /** Traces the losses, which check the shapes of outputs and targets. */
    private static void checkLosses(Graph graph, Heads goal) {
        try (Scope scope = Scope.open();
                GraphBlock block = new GraphBlock(graph)) {
            for (Graph.ParameterInfo p : graph.parameters()) {
                if (p.initializer().isEmpty()) { // a constant: only its shape matters here
                    block.parameters()
                            .get(p.name())
                            .set(NDArray.zeros(p.spec().shape(), p.spec().dtype()));
                }
            }
            for (int h = 0; h < goal.heads().size(); h++) {
                Heads.Head head = goal.heads().get(h);
                int at = h;
                Spec output = graph.spec(graph.outputs().get(h));
                if (!output.dtype().isFloating()) {
                    throw new IllegalArgumentException("target %s: output %s is %s, which cannot be trained"
                            .formatted(head.output(), head.output(), output));
                }
                List<Spec> specs = new ArrayList<>();
                graph.inputs().forEach(i -> specs.add(i.spec()));
                int inputs = specs.size();
                specs.add(new Spec(Heads.shape(head, Shape.UNKNOWN), head.dtype()));
                if (head.isRagged()) {
                    specs.add(new Spec(Shape.of(Shape.UNKNOWN, head.rowShape().get(0)), DType.FLOAT32));
                }
                try {
                    block.capture(
                            in -> new NDArray[] {
                                head.loss(
                                        null,
                                        block.forwardAll(Arrays.copyOf(in, inputs))[at],
                                        Arrays.copyOfRange(in, inputs, in.length))
                            },
                            specs.toArray(new Spec[0]));
                } catch (ShapeException e) {
                    throw new IllegalArgumentException(
                            "target %s: loss %s does not fit output %s: %s"
                                    .formatted(head.output(), head.read().name(), output, e.getMessage()),
                            e);
                }
            }
        }
    }

    @Override
    public Learner learner(Prepared prepared, PackedData packed)
            throws ExecutionException, TimeoutException, InterruptedException {
        NetworkInputs in = ((TrainingPlan.NamedInput) prepared.input()).inputs();
        tellCounted(prepared.network());
        Network.Traced network = prepared.network();
        Heads goal = (Heads) prepared.goal();
        if (standardizesTarget) {
            Optional<Standardization.Target> before = Standardization.target(network.graph());
            if (before.isPresent()) { // what was trained before keeps its unit
                Network.Traced inner = Standardization.withoutTarget(network);
                network = inner.with(named(inner.graph(), goal.outputs()), inner.values());
                goal = goal.withTarget(before.get());
            } else {
                int field = goal.heads().get(0).field();
                goal = goal.withTarget(Standardization.Target.of(
                        field == Heads.Head.LABEL ? packed.labels() : packed.features(field, 1)));
            }
        }
        return new Learner(normalization.of(network, in, packed), goal);
    }

    private static Graph named(Graph g, List<String> outputs) {
        return new Graph(g.inputs(), g.parameters(), g.nodes(), g.outputs(), g.updates(), g.attributes(), outputs);
    }

    /** Warns where weights were learned for the ids of another vocabulary: blocks do not have the one of their model. */
    private void tellCounted(Network.Traced start) {
        if (counted.isEmpty() || start.values().isEmpty()) {
            return;
        }
        List<String> kept = start.trainedValues();
        if (!kept.isEmpty()) {
            LOG.warn(
                    "fit: the network goes on from trained weights {}, but the texts of inputs {} were counted anew: ids, and so rows of embeddings, stand for other texts than before, unless these weights do not depend on them; take hash(n) for fits that go on",
                    kept,
                    counted);
        }
    }

    @Override
    public Graph finished(Learner learner) {
        Graph g = learner.network().graph();
        Standardization.Target target = ((Heads) learner.goal()).target();
        return target == null ? g : named(Standardization.target(g, target), g.outputNames());
    }

    @Override
    public Map<String, Field> uncounted(StructType schema) {
        return inputs.uncounted(schema, network.inputs());
    }

    @Override
    public Work with(Map<String, List<String>> vocabularies) {
        Set<String> added = new TreeSet<>(vocabularies.keySet());
        added.removeAll(vocabularies().keySet());
        added.addAll(counted);
        return new HeadsWork(
                network, inputs.with(vocabularies), normalization, targets, rows, added, standardizesTarget);
    }

    @Override
    public Map<String, List<String>> vocabularies() {
        return inputs.conversion().vocabularies();
    }

    @Override
    public String validationIndicatorCol() {
        return rows.validationIndicatorCol();
    }

    @Override
    public double inputScale() {
        return inputs.conversion().inputScale();
    }
}
