package io.kiln.spark.job;

import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.nn.loss.LambdaRank;
import io.kiln.nn.loss.Loss;
import io.kiln.spark.feed.FeedColumn;
import io.kiln.spark.feed.FeedSpec;
import io.kiln.spark.feed.Field;
import io.kiln.spark.feed.Labels;
import io.kiln.spark.feed.PackedData;
import io.kiln.spark.model.NamedRecord;
import io.kiln.spark.model.Network;
import io.kiln.spark.model.Standardization;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Trains a network that scores single items to rank lists of them. A row of the DataFrame is a list: it has the features of
 * its items and their relevances.
 *
 * @param lists the columns of lists
 * @param model the model to train
 */
public record RankWork(Lists lists, Model model) implements Work {
    /** The column of items' features, an array of arrays. */
    public static final String ITEMS = "kiln_items";

    /** The column of items' relevances, an array. */
    public static final String RELEVANCES = "kiln_relevances";

    private static final DataType NUMBERS = DataTypes.createArrayType(DataTypes.FloatType);

    /**
     * The columns of lists, beside items and relevances.
     *
     * @param width features of an item
     * @param longest items after which lists are cut; 0 for no limit
     * @param weight name of the column of the lists' weights; empty for none
     * @param validation name of the column that marks lists for validation; empty for none
     */
    public record Lists(int width, int longest, String weight, String validation) {}

    /**
     * The model to train.
     *
     * @param network the network
     * @param inputShape shape of an item; empty to derive it from the network or the data
     * @param inputScale factor on the features
     * @param loss the loss of lists
     * @param places the number of first places that count in NDCG
     * @param standardize whether features are standardised inside the network
     */
    public record Model(
            Network network, int[] inputShape, double inputScale, String loss, int places, boolean standardize) {}

    /**
     * Whether a loss takes relevances as exponents of 2.
     *
     * @param loss the loss, as {@link NamedRecord} writes it
     * @return whether it does
     */
    public static boolean isGraded(String loss) {
        return NamedRecord.read(Loss.class, loss) instanceof LambdaRank;
    }

    @Override
    public void check(String uid, StructType schema, ValidationMetric.Asked asked) {
        new ListGoal(model.loss(), model.places()).measures(asked, 0);
        if (lists.width() > 0) {
            checkNetwork(uid, model.network().trace(rowShape(uid)));
        }
    }

    private long[] rowShape(String uid) {
        long[] shape = model.inputShape().length > 0
                ? Arrays.stream(model.inputShape()).asLongStream().toArray()
                : model.network().rowShape().orElse(new long[] {lists.width()});
        if (LabelWork.width(shape) != lists.width()) {
            throw new IllegalArgumentException(
                    "%s: items have %d features, the network takes rows of shape %s; change inputShape or the column"
                            .formatted(uid, lists.width(), Arrays.toString(shape)));
        }
        return shape;
    }

    /** Lists are padded, and items that do not exist must not change anything. */
    private static void checkNetwork(String uid, Network.Traced network) {
        long size = Arrays.stream(network.outputShape()).reduce(1, Math::multiplyExact);
        if (size != 1) {
            throw new IllegalArgumentException(
                    "%s: network: a ranker needs a single output per item, its score, got %s; end the network with Dense(1)"
                            .formatted(uid, Arrays.toString(network.outputShape())));
        }
        if (!network.graph().updates().isEmpty()) {
            throw new IllegalArgumentException(
                    "%s: network: its batch normalisation would count the padding of lists as items; use LayerNorm, or standardizeFeatures"
                            .formatted(uid));
        }
    }

    @Override
    public Optional<FeedColumn> unknownWidth(StructType schema, Map<String, Integer> widths) {
        return Optional.empty();
    }

    @Override
    public Prepared prepare(String uid, StructType schema, Map<String, Integer> widths) {
        long[] rowShape = rowShape(uid);
        Network.Traced network = model.network().trace(rowShape);
        checkNetwork(uid, network);
        Field.Lengths lengths = new Field.Lengths(lists.longest(), List.of(), false);
        Field items = new Field(
                "features",
                List.of(ITEMS),
                List.of(DataTypes.createArrayType(NUMBERS)),
                DType.FLOAT32,
                List.of(Shape.UNKNOWN, (long) lists.width()),
                lengths,
                null);
        Field relevances = new Field(
                "target relevance",
                List.of(RELEVANCES),
                List.of(NUMBERS),
                DType.FLOAT32,
                List.of(Shape.UNKNOWN),
                lengths,
                null);
        FeedSpec spec =
                new FeedSpec(List.of(items, relevances), "", lists.weight(), lists.validation(), new Labels(0), false);
        TrainingPlan.ListInput input = new TrainingPlan.ListInput(
                Arrays.stream(rowShape).boxed().toList(),
                model.inputScale(),
                new ArrayList<>(List.of(items.part(), relevances.part())));
        return new Prepared(network, spec, input, new ListGoal(model.loss(), model.places()), 0);
    }

    /** A network that was trained before keeps the means and deviations with which its weights were trained. */
    @Override
    public Learner learner(Prepared prepared, PackedData rows)
            throws ExecutionException, TimeoutException, InterruptedException {
        Network.Traced inner = prepared.network();
        if (model.standardize() && !Standardization.hasFeatures(inner)) {
            inner = Standardization.features(inner, rows.features(ListGoal.ITEMS, lists.width()), model.inputScale());
        }
        return new Learner(inner, prepared.goal());
    }

    @Override
    public Graph finished(Learner learner) {
        return learner.network().graph();
    }

    @Override
    public String validationIndicatorCol() {
        return lists.validation();
    }

    @Override
    public double inputScale() {
        return model.inputScale();
    }
}
