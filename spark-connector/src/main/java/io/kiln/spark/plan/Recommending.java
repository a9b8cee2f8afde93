package io.kiln.spark.plan;

import io.kiln.spark.model.BestScores;
import io.kiln.spark.model.BestScores.Scored;
import io.kiln.spark.model.Ids;
import io.kiln.spark.model.PairScores;
import io.kiln.spark.model.TrainedNetwork;
import java.io.Serializable;
import java.util.List;
import java.util.function.IntFunction;
import org.apache.spark.broadcast.Broadcast;

/**
 * Finds the best items of users, or the best users of items, by a network that scores pairs: on executors, with one
 * instance of the network on each.
 *
 * @param network the network
 * @param scores how it scores
 * @param others the ids that are recommended
 * @param device where it computes, as the Param has it
 * @param count how many are recommended
 */
public record Recommending(
        Broadcast<TrainedNetwork> network, PairScores scores, Broadcast<Ids> others, String device, int count)
        implements Serializable {
    /**
     * Opens the device for a task.
     *
     * @return a function that finds the best of a row, the best first
     */
    public IntFunction<List<Scored>> open() {
        PredictionDevice where = PredictionDevice.of(device);
        TrainedNetwork net = network.value();
        Ids ids = others.value();
        return row -> {
            float[] all = where.call(() -> scores.compute(net, row, where.threads()));
            BestScores best = new BestScores(count);
            for (int i = 0; i < all.length; i++) {
                best.add(ids.id(i), all[i]);
            }
            return best.list();
        };
    }
}
