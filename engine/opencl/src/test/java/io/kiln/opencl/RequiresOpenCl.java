package io.kiln.opencl;

import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips the tests of a machine without OpenCL, those of the kit included, and says what is missing. */
public final class RequiresOpenCl implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        try {
            return ConditionEvaluationResult.enabled(device().describe());
        } catch (IllegalStateException e) {
            return ConditionEvaluationResult.disabled("NOT TESTED: " + e.getMessage());
        }
    }

    static OpenClBackend device() {
        return (OpenClBackend) Backends.get(new Device(OpenClBackend.TYPE, 0));
    }
}
