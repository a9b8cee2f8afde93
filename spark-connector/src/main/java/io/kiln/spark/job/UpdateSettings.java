package io.kiln.spark.job;

import io.kiln.optim.ConstantRate;
import io.kiln.optim.Optimizer;
import io.kiln.optim.Schedule;
import io.kiln.optim.UpdateRule;
import io.kiln.spark.model.NamedRecord;

/**
 * How weights are updated, as set by Params.
 *
 * @param optimizer an optimizer by name, or as JSON
 * @param learningRate the learning rate; 0 for the optimizer's default
 * @param schedule a schedule as JSON; empty for a constant rate
 * @param weightDecay decay of weights
 * @param clipValue bound on gradient elements; 0 for none
 * @param clipNorm bound on the gradients' norm; 0 for none
 */
public record UpdateSettings(
        String optimizer, double learningRate, String schedule, double weightDecay, double clipValue, double clipNorm) {
    /**
     * Returns the engine's form.
     *
     * @return the rule
     * @throws IllegalArgumentException if a part is out of range
     */
    public UpdateRule rule() {
        Optimizer o = NamedRecord.read(Optimizer.class, optimizer);
        Schedule s = schedule.isEmpty()
                ? new ConstantRate(learningRate > 0 ? learningRate : o.defaultLearningRate())
                : NamedRecord.read(Schedule.class, schedule);
        return new UpdateRule(o, s, weightDecay, bound(clipValue), bound(clipNorm));
    }

    private static double bound(double v) {
        return v == 0 ? Double.POSITIVE_INFINITY : v;
    }
}
