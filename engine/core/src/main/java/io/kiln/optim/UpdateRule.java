package io.kiln.optim;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kiln.graph.RecordJson;
import io.kiln.op.Role;

/**
 * Everything that determines the updates of a training: a trainer applies it on one machine, a KVStore on slices.
 *
 * @param optimizer the optimizer
 * @param schedule the learning rate of each step
 * @param weightDecay weight decay of the parameters whose {@linkplain Role#isDecayed role} is decayed
 * @param clipValue bound on the magnitude of each element of the gradient; infinite for none
 * @param clipNorm bound on the Euclidean norm of all gradients together; infinite for none
 */
public record UpdateRule(
        Optimizer optimizer, Schedule schedule, double weightDecay, double clipValue, double clipNorm) {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public UpdateRule {
        Check.atLeastZero("updateRule", "weightDecay", weightDecay);
        Check.positive("updateRule", "clipValue", clipValue);
        Check.positive("updateRule", "clipNorm", clipNorm);
    }

    /**
     * A rule without weight decay and clipping.
     *
     * @param optimizer the optimizer
     * @param schedule the learning rate of each step
     */
    public UpdateRule(Optimizer optimizer, Schedule schedule) {
        this(optimizer, schedule, 0, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
    }

    /**
     * A rule with a constant learning rate, without weight decay and clipping.
     *
     * @param optimizer the optimizer
     * @param learningRate the learning rate
     */
    public UpdateRule(Optimizer optimizer, double learningRate) {
        this(optimizer, new ConstantRate(learningRate));
    }

    /**
     * A rule with the optimizer's default learning rate, without weight decay and clipping.
     *
     * @param optimizer the optimizer
     */
    public UpdateRule(Optimizer optimizer) {
        this(optimizer, optimizer.defaultLearningRate());
    }

    /**
     * Returns this rule with another weight decay.
     *
     * @param decay the weight decay
     * @return the new rule
     */
    public UpdateRule withWeightDecay(double decay) {
        return new UpdateRule(optimizer, schedule, decay, clipValue, clipNorm);
    }

    /**
     * Returns this rule with a bound on each element of the gradients.
     *
     * @param bound the bound
     * @return the new rule
     */
    public UpdateRule withClipValue(double bound) {
        return new UpdateRule(optimizer, schedule, weightDecay, bound, clipNorm);
    }

    /**
     * Returns this rule with a bound on the norm of all gradients together.
     *
     * @param bound the bound
     * @return the new rule
     */
    public UpdateRule withClipNorm(double bound) {
        return new UpdateRule(optimizer, schedule, weightDecay, clipValue, bound);
    }

    /**
     * Returns the numbers of one update.
     *
     * @param number number of the update, from 1
     * @param role the parameter's role
     * @param rescale factor on the gradient
     * @return the optimizer's input
     */
    public Step step(long number, Role role, double rescale) {
        boolean decayed = role.isDecayed();
        return new Step(number, schedule.at(number), decayed ? weightDecay : 0, rescale, clipValue, decayed);
    }

    /**
     * Returns the JSON form.
     *
     * @return text that {@link #fromJson} reads
     */
    public String toJson() {
        return RecordJson.write(this).toString();
    }

    /**
     * Reads the JSON form.
     *
     * @param json text written by {@link #toJson}
     * @return the rule
     * @throws IllegalArgumentException if it is not a rule
     */
    public static UpdateRule fromJson(String json) {
        try {
            return RecordJson.read(UpdateRule.class, "updateRule", MAPPER.readTree(json));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("updateRule: not JSON: " + e.getOriginalMessage(), e);
        }
    }
}
