package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.attention.Attention;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which attention runs in tiles, in how many kernels, and which is left to cuBLAS. */
class AttentionTest extends CudnnTest {
    private final String before = System.getProperty(CudaBackend.ATTENTION_PROPERTY);

    @AfterEach
    void restore() {
        if (before == null) {
            System.clearProperty(CudaBackend.ATTENTION_PROPERTY);
        } else {
            System.setProperty(CudaBackend.ATTENTION_PROPERTY, before);
        }
    }

    private void train(Device on, DType dtype) {
        NDArray x = numbers(on, dtype, 1, 2, 20, 8);
        Autograd.attachGradient(x);
        driver.reset();
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = Attention.scaledDotProduct(x, x, x, null, true);
        }
        Autograd.backward(y);
        Context.current()
                .queue(RequiresCuda.device())
                .synchronize(Duration.ofMinutes(1)); // kernels are counted when they run
    }

    @Test
    void aKernelGivesTheResultAndThreeItsGradients() {
        train(device, DType.FLOAT32);
        for (String kernel : new String[] {"attention", "attention_dots", "attention_queries", "attention_keys"}) {
            assertEquals(1, driver.count(kernel), kernel);
        }
        assertEquals(0, driver.count("products"));
    }

    @Test
    void smallArraysOf16BitsAreLeftToCublas() {
        System.clearProperty(CudaBackend.ATTENTION_PROPERTY);
        train(device, DType.BFLOAT16);
        assertEquals(0, driver.count("attention"));
        assertTrue(driver.count("products") > 0);
        System.setProperty(CudaBackend.ATTENTION_PROPERTY, "0");
        train(device, DType.BFLOAT16);
        assertEquals(1, driver.count("attention"));
        assertEquals(0, driver.count("products"));
    }
}
