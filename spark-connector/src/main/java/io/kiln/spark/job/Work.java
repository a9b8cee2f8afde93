package io.kiln.spark.job;

import io.kiln.graph.Graph;
import io.kiln.spark.feed.FeedColumn;
import io.kiln.spark.feed.FeedSpec;
import io.kiln.spark.feed.Field;
import io.kiln.spark.feed.PackedData;
import io.kiln.spark.model.Network;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.types.StructType;

/** What a fit trains, and on which columns. */
public sealed interface Work permits LabelWork, HeadsWork, RankWork {
    /**
     * Checks everything that can be checked without data.
     *
     * @param uid the estimator's uid, for messages
     * @param schema the DataFrame's schema
     * @param asked the metric that training follows
     * @throws IllegalArgumentException if network, columns and Params do not fit together
     */
    void check(String uid, StructType schema, ValidationMetric.Asked asked);

    /** A column of vectors or arrays whose width is needed and not yet among those known; empty if there is none. */
    Optional<FeedColumn> unknownWidth(StructType schema, Map<String, Integer> widths);

    /** Traces the network and determines what rows must be like. */
    Prepared prepare(String uid, StructType schema, Map<String, Integer> widths);

    /** The network and goal of the workers, which may depend on the rows. */
    Learner learner(Prepared prepared, PackedData rows)
            throws ExecutionException, TimeoutException, InterruptedException;

    /** The graph of the model. */
    Graph finished(Learner learner);

    /** The fields whose texts must be counted before rows can be packed, by input. */
    default Map<String, Field> uncounted(StructType schema) {
        return Map.of();
    }

    /**
     * This work with texts that have been counted.
     *
     * @param vocabularies the texts by input
     */
    default Work with(Map<String, List<String>> vocabularies) {
        return this;
    }

    /** The texts that have been counted, by input: part of the model. */
    default Map<String, List<String>> vocabularies() {
        return Map.of();
    }

    /** The column that marks validation rows; empty for none. */
    String validationIndicatorCol();

    /** Factor on features or bytes, which is not part of the network. */
    double inputScale();

    /**
     * A fit that is about to begin.
     *
     * @param network the network
     * @param spec the required form of the rows
     * @param input the form of its inputs
     * @param goal what training minimizes
     * @param classes number of classes of a classifier; 0 otherwise
     */
    record Prepared(Network.Traced network, FeedSpec spec, TrainingPlan.FeedInput input, Goal goal, int classes) {}

    /**
     * What workers train.
     *
     * @param network the network, preceded by nodes that standardise its features if enabled
     * @param goal what training minimizes
     */
    record Learner(Network.Traced network, Goal goal) {}
}
