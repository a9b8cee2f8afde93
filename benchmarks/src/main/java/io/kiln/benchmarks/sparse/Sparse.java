package io.kiln.benchmarks.sparse;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code bench sparse}: what sparse rows and row-sparse gradients save. */
@Command(
        name = "sparse",
        mixinStandardHelpOptions = true,
        description = "Measures training on sparse rows, and with row-sparse gradients.",
        subcommands = {Mails.class, Table.class})
public final class Sparse implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "sparse: name what to measure");
    }
}
