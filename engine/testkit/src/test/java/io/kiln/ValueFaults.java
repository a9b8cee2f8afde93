package io.kiln;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import java.time.Duration;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.function.Executable;

/**
 * Invalid values found by kernels and checks, such as an index out of range: on the CPU the call throws, on a device that
 * works later the next wait does. As an extension of every test it waits, so that no test leaves a fault to the next one.
 */
public final class ValueFaults implements AfterEachCallback {
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** Made by the service loader. */
    public ValueFaults() {}

    /**
     * Asserts that values are refused: by the call where the device has ended its work when a call returns, elsewhere at the
     * latest by the next synchronization.
     *
     * @param <T> the type of the error
     * @param type the type of the error
     * @param call what is given wrong values
     * @return the error
     */
    public static <T extends Throwable> T raised(Class<T> type, Executable call) {
        if (Backends.current().traits().hostAddressable()) {
            return assertThrows(type, call);
        }
        return assertThrows(type, () -> {
            call.execute();
            Context.current().waits(Backends.current()).synchronize(PATIENCE);
        });
    }

    @Override
    public void afterEach(ExtensionContext test) {
        Context.current().waits(Backends.current()).synchronize(PATIENCE);
    }
}
