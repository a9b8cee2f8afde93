package io.kiln.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.DynamicTestInvocationContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * Where the platform is Oclgrind, fails each test whose kernels it has reported: a race, an access outside a buffer. Its reports go to
 * the file that the environment variable {@code OCLGRIND_LOG} names; without the variable nothing is checked.
 */
public final class OclgrindReports implements InvocationInterceptor {
    static final String LOG = "OCLGRIND_LOG";

    @Override
    public void interceptTestMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        proceed(invocation, context);
    }

    @Override
    public void interceptTestTemplateMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        proceed(invocation, context);
    }

    @Override
    public void interceptDynamicTest(
            Invocation<Void> invocation, DynamicTestInvocationContext test, ExtensionContext context) throws Throwable {
        proceed(invocation, context);
    }

    private static void proceed(Invocation<Void> invocation, ExtensionContext context) throws Throwable {
        boolean planted =
                context.getTestClass().filter(PlantedFaultsTest.class::equals).isPresent();
        if (System.getenv(LOG) == null || planted) {
            invocation.proceed();
            return;
        }
        int before = read().length();
        invocation.proceed();
        assertEquals("", read().substring(before), "reports of Oclgrind");
    }

    /** All that Oclgrind has reported so far. */
    static String read() throws IOException {
        return Files.readString(Path.of(System.getenv(LOG)), StandardCharsets.ISO_8859_1);
    }
}
