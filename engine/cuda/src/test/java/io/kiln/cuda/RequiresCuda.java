package io.kiln.cuda;

import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import io.kiln.cuda.driver.TestDriver;
import java.nio.file.Path;
import net.jqwik.api.lifecycle.LifecycleContext;
import net.jqwik.api.lifecycle.PropagationMode;
import net.jqwik.api.lifecycle.SkipExecutionHook;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Puts the test driver in the place of NVIDIA's libraries, unless the property {@code kiln.cuda.real} is true; skips the tests where
 * neither is possible, for want of g++, and says why: those of JUnit, and the kit's properties, which jqwik runs before them.
 */
public final class RequiresCuda implements ExecutionCondition, SkipExecutionHook {
    private static final String NO_COMPILER = "NOT TESTED: g++ is missing, which builds the test driver";

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (context.getTestClass()
                .filter(c -> c.getPackageName().startsWith(TestDriver.class.getPackageName()))
                .isPresent()) {
            if (TestDriver.isBuildable()) {
                putInPlace(); // what waits for the device after each test opens it
            }
            return ConditionEvaluationResult.enabled("the tests of the test driver use it themselves");
        }
        if (!isPossible()) {
            return ConditionEvaluationResult.disabled(NO_COMPILER);
        }
        return ConditionEvaluationResult.enabled(device().describe());
    }

    @Override
    public SkipResult shouldBeSkipped(LifecycleContext context) {
        if (!isPossible()) {
            return SkipResult.skip(NO_COMPILER);
        }
        device();
        return SkipResult.doNotSkip();
    }

    @Override
    public PropagationMode propagateTo() {
        return PropagationMode.ALL_DESCENDANTS;
    }

    private static boolean isPossible() {
        return Boolean.getBoolean("kiln.cuda.real") || TestDriver.isBuildable();
    }

    /** The first device. */
    static CudaBackend device() {
        if (!Boolean.getBoolean("kiln.cuda.real")) {
            putInPlace();
        }
        return (CudaBackend) Backends.get(new Device(CudaBackend.TYPE, 0));
    }

    /** Whether the allocator splits blocks, which it does here only if the property says so. */
    static boolean splitsBlocks() {
        return !"false".equals(System.getProperty(CudaBackend.SPLIT_PROPERTY));
    }

    private static void putInPlace() {
        Path libraries = TestDriver.build();
        System.setProperty(LibrarySearch.PROPERTY, libraries.toString());
        System.setProperty(CacheFolder.PROPERTY, libraries.resolve("cache").toString());
        if (System.getProperty(CudaBackend.SPLIT_PROPERTY) == null) {
            System.setProperty(
                    CudaBackend.SPLIT_PROPERTY, "false"); // closed pages lie between the blocks of cuMemAlloc
        }
    }
}
