package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@Tag("core")
class MnistDemoTest {
    @Test
    void demoTrainsTestsSavesAndReloads(@TempDir Path folder) throws Exception {
        DemoOutput.check(run(folder), folder, 0.85);
    }

    @Test
    void secondRunIntoTheSameFolderReplacesTheFirst(@TempDir Path folder) throws Exception {
        run(folder);
        DemoOutput.check(run(folder, "--seed", "7"), folder, 0.85);
    }

    @Test
    void unknownOptionIsRefusedWithTheUsage() {
        assertEquals(CommandLine.ExitCode.USAGE, new CommandLine(new MnistDemo()).execute("--epoch", "3"));
    }

    @Test
    void numbersBelowOneAreRefused() {
        for (String option : new String[] {"--epochs", "--workers", "--rows"}) {
            assertEquals(CommandLine.ExitCode.USAGE, new CommandLine(new MnistDemo()).execute(option, "0"), option);
        }
    }

    private static String run(Path folder, String... more) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            CommandLine command = new CommandLine(new MnistDemo());
            assertEquals(0, command.execute(arguments(folder, more)));
        } finally {
            System.setOut(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    static String[] arguments(Path folder, String... more) {
        String[] all = new String[6 + more.length];
        String[] quick = {"--epochs", "2", "--rows", "2000", "--output", folder.toString()};
        System.arraycopy(quick, 0, all, 0, quick.length);
        System.arraycopy(more, 0, all, quick.length, more.length);
        return all;
    }
}
