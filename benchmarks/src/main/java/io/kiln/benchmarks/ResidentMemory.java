package io.kiln.benchmarks;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * How much the resident memory of this process grows, by Linux' {@code /proc}. The Java heap, in which batches and first weights
 * were made for the engines, is given back before each look at it as far as it is empty.
 */
public final class ResidentMemory {

    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path CLEAR = Path.of("/proc/self/clear_refs");
    private static final String RESET_PEAK = "5";

    private final long before;
    private boolean peakIsOfSteps;

    /** Notes what the process takes now. */
    ResidentMemory() {
        shrinkHeap();
        before = read("VmRSS");
    }

    /** Forgets the peak so far, to which the making of weights and batches has contributed. */
    void forgetPeak() {
        shrinkHeap();
        try {
            Files.writeString(CLEAR, RESET_PEAK);
            peakIsOfSteps = true;
        } catch (IOException e) {
            peakIsOfSteps = false;
        }
    }

    /** The peak since then, without what the process took at first, in MiB; NaN where the system does not tell. */
    double growthMiB() {
        long peak = read("VmHWM");
        return peakIsOfSteps && before >= 0 && peak >= 0 ? (peak - before) / 1024.0 : Double.NaN;
    }

    /** The peak of all that the process has taken, in MiB; NaN where the system does not tell. */
    public static double peakMiB() {
        long peak = read("VmHWM");
        return peak >= 0 ? peak / 1024.0 : Double.NaN;
    }

    /** A number of kB from the process's status; -1 if it is not there. */
    private static long read(String key) {
        try (Stream<String> lines = Files.lines(STATUS)) {
            return lines.filter(line -> line.startsWith(key + ":"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(-1);
        } catch (IOException e) {
            return -1;
        }
    }

    private static void shrinkHeap() {
        HotSpotDiagnosticMXBean flags = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        String least = flags.getVMOption("MinHeapFreeRatio").getValue();
        String most = flags.getVMOption("MaxHeapFreeRatio").getValue();
        flags.setVMOption("MinHeapFreeRatio", "0");
        flags.setVMOption("MaxHeapFreeRatio", "5");
        System.gc();
        flags.setVMOption("MaxHeapFreeRatio", most);
        flags.setVMOption("MinHeapFreeRatio", least);
    }
}
