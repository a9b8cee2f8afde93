package io.kiln.spark.job;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.graph.Graph;
import io.kiln.graph.RecordJson;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.loss.ClassLoss;
import io.kiln.nn.loss.Ctc;
import io.kiln.nn.loss.Loss;
import io.kiln.spark.feed.FeedColumn;
import io.kiln.spark.feed.Field;
import io.kiln.spark.feed.InputBinding;
import io.kiln.spark.feed.NetworkInputs;
import io.kiln.spark.model.NamedRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.types.StructType;

/**
 * Which columns train which outputs of a network. Components have the names of the Params that set them.
 *
 * @param targetCols the columns
 * @param targetNames the output that each column trains; several numeric columns may train one; empty: the network's
 *     outputs in order
 * @param losses the loss of each output that is trained, in the order in which they first occur in targetNames; one for
 *     all of them, if there is one
 * @param lossWeights the factor on each of these losses; empty: 1
 */
public record Targets(
        List<String> targetCols, List<String> targetNames, List<String> losses, List<Double> lossWeights) {
    /** Makes the lists unmodifiable and checks their sizes. */
    public Targets {
        targetCols = List.copyOf(targetCols);
        targetNames = List.copyOf(targetNames);
        losses = List.copyOf(losses);
        lossWeights = List.copyOf(lossWeights);
        if (targetCols.isEmpty()) {
            throw new IllegalArgumentException("targetCols: no column trains the network; set at least one");
        }
        if (!targetNames.isEmpty() && targetNames.size() != targetCols.size()) {
            throw new IllegalArgumentException(
                    "targetNames: has %d entries, targetCols has %d %s; give one for each column"
                            .formatted(targetNames.size(), targetCols.size(), targetCols));
        }
        long heads = targetNames.isEmpty()
                ? targetCols.size()
                : targetNames.stream().distinct().count();
        if (losses.isEmpty() || losses.size() != 1 && losses.size() != heads) {
            throw new IllegalArgumentException(
                    "losses: has %d entries for %d targets; give one for each, such as softmaxCrossEntropy for classes, sigmoidBce for probabilities, l2 for numbers, or one for all"
                            .formatted(losses.size(), heads));
        }
        if (!lossWeights.isEmpty() && lossWeights.size() != heads) {
            throw new IllegalArgumentException("lossWeights: has %d entries for %d targets; give one for each"
                    .formatted(lossWeights.size(), heads));
        }
    }

    /** Checks that the columns exist. */
    void check(StructType schema) {
        targetCols.forEach(c -> FeedColumn.find(schema, "targetCols", c));
    }

    /** The outputs that are trained. */
    List<String> outputs(Graph network) {
        if (!targetNames.isEmpty()) {
            List<String> names = targetNames.stream().distinct().toList();
            names.forEach(n -> {
                try {
                    network.find(n);
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException("targetNames: " + e.getMessage(), e);
                }
            });
            return names;
        }
        if (network.outputNames().size() != targetCols.size()) {
            throw new IllegalArgumentException(
                    "targetNames: the network has outputs %s, targetCols has %d columns %s; say with targetNames which column trains which output"
                            .formatted(network.outputNames(), targetCols.size(), targetCols));
        }
        return network.outputNames();
    }

    /** The loss of the h-th output that is trained. */
    String loss(int h) {
        return losses.get(losses.size() == 1 ? 0 : h);
    }

    /** The factor on its loss. */
    double weight(int h) {
        return lossWeights.isEmpty() ? 1 : lossWeights.get(h);
    }

    /** The number of classes for which the h-th output that is trained has scores; 0 for none. */
    int classes(int h, Spec output) {
        boolean scores = NamedRecord.read(Loss.class, loss(h)) instanceof ClassLoss
                && output.shape().rank() > 1;
        return scores ? Math.toIntExact(output.shape().dim(-1)) : 0;
    }

    /**
     * The field with the targets of an output.
     *
     * @param schema the DataFrame's schema
     * @param output name of the output
     * @param h its index among the outputs that are trained
     * @param spec its shape and dtype
     * @param inputs how sequences are padded and truncated
     * @param bound the inputs, some of which may be sequences
     */
    Field field(StructType schema, String output, int h, Spec spec, InputBinding inputs, NetworkInputs bound) {
        List<FeedColumn> columns = new ArrayList<>();
        for (int i = 0; i < targetCols.size(); i++) {
            if (targetNames.isEmpty() ? i == h : targetNames.get(i).equals(output)) {
                columns.add(FeedColumn.find(schema, "targetCols", targetCols.get(i)));
            }
        }
        Loss loss = NamedRecord.read(Loss.class, loss(h));
        List<Long> row = new ArrayList<>();
        for (int i = 1; i < spec.shape().rank(); i++) {
            row.add(spec.shape().dim(i));
        }
        if (loss instanceof Ctc || row.lastIndexOf(Shape.UNKNOWN) > 0) {
            throw new IllegalArgumentException("target %s: %s; %s"
                    .formatted(
                            output,
                            loss instanceof Ctc
                                    ? "loss ctc needs sequences and their lengths, which estimators cannot pass"
                                    : "output " + spec + " has several sizes that differ, which cannot be targets",
                            loss instanceof Ctc
                                    ? "train with a Trainer"
                                    : "only the first size of a row may; train another value"));
        }
        boolean scores = loss instanceof ClassLoss && !row.isEmpty();
        long classes = scores ? row.remove(row.size() - 1) : 0;
        boolean sequence = !row.isEmpty()
                && (row.get(0) == Shape.UNKNOWN
                        || bound.fields().stream()
                                .anyMatch(
                                        f -> f.isRagged() && f.rowShape().get(0).equals(row.get(0))));
        if (!scores) {
            List<Long> labels = Arrays.stream(loss.labelRow(
                                    Shape.of(row.stream().mapToLong(d -> d).toArray()))
                            .dims())
                    .boxed()
                    .toList();
            boolean labelled = sequence && !labels.isEmpty();
            return inputs.target(output, columns, new InputBinding.TargetForm(DType.FLOAT32, labels, labelled), null);
        }
        boolean distribution = row.isEmpty() && !InputBinding.isNumber(columns.get(0));
        if (distribution) {
            InputBinding.TargetForm form = new InputBinding.TargetForm(DType.FLOAT32, List.of(classes), false);
            return inputs.target(output, columns, form, null);
        }
        return inputs.target(
                output,
                columns,
                new InputBinding.TargetForm(DType.INT32, row, sequence),
                new Field.Classes(classes, ignored(loss)));
    }

    /** Whether the only target is a column of numbers, which may be the label of a row. */
    boolean isNumber(StructType schema) {
        return targetCols.size() == 1
                && InputBinding.isNumber(FeedColumn.find(schema, "targetCols", targetCols.get(0)));
    }

    private static List<Long> ignored(Loss loss) {
        JsonNode label = RecordJson.write(loss).path("ignoredLabel");
        return label.isNumber() ? List.of(label.asLong()) : List.of();
    }
}
