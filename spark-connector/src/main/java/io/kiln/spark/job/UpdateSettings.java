package io.kiln.spark.job;

import io.kiln.optim.ConstantRate;
import io.kiln.optim.Optimizer;
import io.kiln.optim.Schedule;
import io.kiln.optim.UpdateRule;
import io.kiln.spark.model.NamedRecord;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How weights are updated. Components have the names of the Params that set them.
 *
 * @param optimizer an optimizer by name, or as JSON
 * @param learningRate the learning rate; empty for the optimizer's default
 * @param learningRateSchedule a schedule as JSON; empty for a constant rate
 * @param weightDecay decay of weights
 * @param gradientClipValue bound on gradient elements; 0 for none, as in the Param
 * @param gradientClipNorm bound on the gradients' norm; 0 for none, as in the Param
 */
public record UpdateSettings(
        String optimizer,
        OptionalDouble learningRate,
        Optional<String> learningRateSchedule,
        double weightDecay,
        double gradientClipValue,
        double gradientClipNorm) {
    /**
     * Returns the engine's form.
     *
     * @return the rule
     * @throws IllegalArgumentException if a part is out of range
     */
    public UpdateRule rule() {
        Optimizer o = NamedRecord.read(Optimizer.class, optimizer);
        Schedule s = learningRateSchedule
                .map(json -> NamedRecord.read(Schedule.class, json))
                .orElseGet(() -> new ConstantRate(learningRate.orElse(o.defaultLearningRate())));
        return new UpdateRule(o, s, weightDecay, bound(gradientClipValue), bound(gradientClipNorm));
    }

    private static double bound(double v) {
        return v == 0 ? Double.POSITIVE_INFINITY : v;
    }
}
