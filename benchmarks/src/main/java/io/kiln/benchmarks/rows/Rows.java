package io.kiln.benchmarks.rows;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code bench rows}: what rows cost before a network sees them. */
@Command(
        name = "rows",
        mixinStandardHelpOptions = true,
        description = "Measures how rows of tables are read and packed.",
        subcommands = {Wide.class, Large.class})
public final class Rows implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "rows: name what to measure");
    }
}
