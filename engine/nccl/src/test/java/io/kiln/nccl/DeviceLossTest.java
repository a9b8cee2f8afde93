package io.kiln.nccl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.DeviceFailedException;
import io.kiln.cuda.driver.TestDriver;
import io.kiln.kvstore.KVKey;
import io.kiln.kvstore.KVStore;
import io.kiln.kvstore.KVStoreType;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.op.Role;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a program sees when NCCL's work fails on one device: the others' kernels wait for it, and would for good. Nobody takes for a sum
 * what they leave when they are aborted.
 */
class DeviceLossTest {
    private static final KVKey KEY = KVKey.of("w");

    @BeforeAll
    static void build() {
        Gpus.driver();
    }

    /** Pushes and pulls until the setting that is named has its effect. */
    public static void main(String[] arguments) {
        TestDriver driver = TestDriver.load();
        Scope scope = Scope.open();
        KVStore store = KVStore.create(KVStoreType.DEVICE, null);
        NDArray one = ArrayFactory.on(Gpus.gpu(0)).of(1, 2, 3);
        NDArray two = ArrayFactory.on(Gpus.gpu(1)).of(10, 20, 30);
        store.init(KEY, one, Role.WEIGHT);
        store.push(KEY, List.of(one, two));
        NDArray out = one.newArray(one.spec());
        store.pull(KEY, List.of(out));
        assertEquals(66, out.sum().item());

        driver.set(arguments[0], 1);
        DeviceFailedException e = assertThrows(DeviceFailedException.class, () -> {
            store.push(KEY, List.of(one, two)); // returns before its work has ended
            store.pull(KEY, List.of(out));
            out.toDoubleArray();
        });
        System.out.println("told: " + e.getMessage() + "; cause: " + e.getCause());
        for (NDArray a : List.of(one, two)) {
            DeviceFailedException later = assertThrows(DeviceFailedException.class, a::toDoubleArray);
            System.out.println("later: " + later.getMessage());
        }
        assertThrows(DeviceFailedException.class, () -> store.push(KEY, List.of(one, two)));
        assertThrows(DeviceFailedException.class, store::close);
        scope.close();
        System.out.println("passed, aborted " + driver.count("ncclCommAbort"));
    }

    @ParameterizedTest
    @CsvSource({
        "nccl_error, 'cuda(1): NCCL over cuda(0), cuda(1): ncclReduce failed: remote process exited'",
        "nccl_lose, 'since cuda(1): NCCL over cuda(0), cuda(1): ncclReduce cannot end: cuda(1): '",
        "nccl_hang, 'NCCL over cuda(0), cuda(1): ncclReduce has not ended within PT15S'"
    })
    void aFailureEndsInAnErrorThatNamesTheDevice(String setting, String words) throws Exception {
        String text = Jvm.run(
                DeviceLossTest.class,
                TestDriver.build(),
                System.getProperty("java.class.path"),
                List.of("-Dkiln.cuda.ncclSeconds=" + ("nccl_hang".equals(setting) ? 15 : 60), "-Dkiln.cuda.nccl=true"),
                setting);
        assertTrue(text.contains("passed, aborted "), text);
        // Who is told first may have met the device itself; the others are lost for the sake of NCCL.
        assertTrue(text.lines().anyMatch(l -> l.startsWith("told: ") && l.contains("cuda(1)")), text);
        assertTrue(text.lines().anyMatch(l -> l.startsWith("later: cuda(0): ") && l.contains(words)), text);
        assertTrue(
                text.lines().filter(l -> l.startsWith("later: ")).allMatch(l -> l.contains("is lost to this process")),
                text);
    }
}
