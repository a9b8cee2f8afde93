package io.kiln.nccl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backends;
import io.kiln.backend.Survey;
import io.kiln.cuda.driver.TestDriver;
import io.kiln.kvstore.KVKey;
import io.kiln.kvstore.KVStore;
import io.kiln.kvstore.KVStoreType;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.op.Role;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A machine that lacks something of NCCL: stores add up without it, say why in one line of the log, and the survey says it too. */
class MissingNcclTest {
    private static final String CLASS_PATH = System.getProperty("java.class.path");

    @TempDir
    Path folder;

    @BeforeAll
    static void build() {
        Gpus.driver();
    }

    /** Pushes from two devices, twice. */
    public static void main(String[] arguments) {
        for (Survey survey : Backends.surveys()) {
            survey.components().stream()
                    .filter(c -> c.name().equals("NCCL"))
                    .forEach(c -> System.out.println("survey: " + c));
            survey.missing().forEach(c -> System.out.println("missing: " + c));
        }
        try (Scope scope = Scope.open();
                KVStore store = KVStore.create(KVStoreType.DEVICE, null)) {
            NDArray one = ArrayFactory.on(Gpus.gpu(0)).of(1, 2, 3);
            NDArray two = ArrayFactory.on(Gpus.gpu(1)).of(10, 20, 30);
            store.init(KVKey.of("w"), one, Role.WEIGHT);
            for (int i = 0; i < 2; i++) {
                store.push(KVKey.of("w"), List.of(one, two));
                store.pull(KVKey.of("w"), List.of(one));
            }
            System.out.println("sum: " + one.sum().item());
        } catch (IllegalStateException e) {
            System.out.println("error: " + e.getMessage());
        }
    }

    private static String run(Path libraries, String classPath, String... options) throws Exception {
        return Jvm.run(MissingNcclTest.class, libraries, classPath, List.of(options));
    }

    private static void adds(String text, String line) {
        assertTrue(text.contains("sum: 126"), text);
        List<String> log = text.lines()
                .filter(l -> l.contains("[cuda(0), cuda(1)]: sums "))
                .toList();
        assertEquals(1, log.size(), text);
        assertTrue(log.get(0).contains(line), text);
    }

    private Path without(String... names) throws Exception {
        try (Stream<Path> files = Files.list(TestDriver.build())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!List.of(names).contains(file.getFileName().toString())) {
                    Files.copy(file, folder.resolve(file.getFileName()));
                }
            }
        }
        return folder;
    }

    @Test
    void withAllThatItNeedsNcclIsUsed() throws Exception {
        String text = run(TestDriver.build(), CLASS_PATH);
        adds(text, "sums by NCCL 2.27.3, " + TestDriver.build().resolve("libnccl.so.2"));
        assertTrue(
                text.contains(
                        "survey: NCCL, " + TestDriver.build().resolve("libnccl.so.2")
                                + ", used by stores with arrays on two devices; on more not, as it adds in an order of its own"),
                text);
    }

    @Test
    void withoutTheJar() throws Exception {
        String classPath = Stream.of(CLASS_PATH.split(File.pathSeparator))
                .filter(e -> !Path.of(e).endsWith("nccl/target/classes"))
                .collect(Collectors.joining(File.pathSeparator));
        String text = run(TestDriver.build(), classPath);
        adds(text, "sums without NCCL: the jar kiln-engine-nccl is not on the class path");
        assertTrue(text.contains("survey: NCCL, not used: the jar kiln-engine-nccl is not on the class path"), text);
        assertTrue(text.lines().noneMatch(l -> l.startsWith("missing: ") && l.contains("NCCL")), text);
    }

    @Test
    void withoutTheBindingsOwnJar() throws Exception {
        String classPath = Stream.of(CLASS_PATH.split(File.pathSeparator))
                .filter(e -> !Path.of(e).getFileName().toString().matches("cuda-[0-9].*jar"))
                .collect(Collectors.joining(File.pathSeparator));
        String text = run(TestDriver.build(), classPath);
        adds(text, "kiln-engine-nccl needs org.bytedeco:cuda");
    }

    @Test
    void withoutTheLibrary() throws Exception {
        String text = run(without("libnccl.so.2"), CLASS_PATH);
        adds(text, "sums without NCCL: NCCL (libnccl.so.2) is missing; looked for in kiln.cuda.libraryPath=" + folder);
        assertTrue(text.contains("pip install nvidia-nccl-cu12"), text);
    }

    @Test
    void withoutCudasRuntime() throws Exception {
        String text = run(without("libcudart.so.12"), CLASS_PATH);
        adds(text, "CUDA's runtime (libcudart.so.12 or 13), which the binding of NCCL asks for, is missing");
    }

    @Test
    void aFileThatIsNoLibrary() throws Exception {
        Files.writeString(without("libnccl.so.2").resolve("libnccl.so.2"), "no library");
        String text = run(folder, CLASS_PATH);
        adds(text, "sums without NCCL: NCCL at " + folder.resolve("libnccl.so.2") + " cannot be loaded: ");
    }

    /** A binding that fails as none should. */
    public static final class Broken extends NoNccl {
        /** Made by the service loader. */
        public Broken() {}

        @Override
        public void load(Path cudart, Path nccl, Unpacker unpacker) {
            throw new UnsupportedOperationException("out of order");
        }
    }

    /** One that cannot even be made. */
    public static final class Unmade extends NoNccl {
        /** Made by the service loader. */
        public Unmade() {
            throw new IllegalArgumentException("out of stock");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "io.kiln.nccl.MissingNcclTest$Broken, cannot be loaded: out of order",
        "io.kiln.nccl.MissingNcclTest$Unmade, the binding of NCCL cannot be made: ",
        "io.kiln.nccl.Nowhere, the binding of NCCL cannot be made: "
    })
    void aBindingThatFails(String name, String words) throws Exception {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(services.resolve("io.kiln.cuda.NcclBinding"), name);
        String text = run(TestDriver.build(), folder + File.pathSeparator + CLASS_PATH);
        adds(text, "sums without NCCL: ");
        assertTrue(text.contains(words), text);
    }

    @Test
    void whereNcclIsInsistedOnItsAbsenceIsAnError() throws Exception {
        String text = run(without("libnccl.so.2"), CLASS_PATH, "-Dkiln.cuda.nccl=true");
        assertTrue(
                text.contains(
                        "error: [cuda(0), cuda(1)]: NCCL is wanted by -Dkiln.cuda.nccl=true, but cannot be used: NCCL"
                                + " (libnccl.so.2) is missing"),
                text);
    }
}
