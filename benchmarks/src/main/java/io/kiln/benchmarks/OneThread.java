package io.kiln.benchmarks;

import java.io.IOException;

/**
 * A contender that may compute with one thread only.
 *
 * @param contender that computes
 */
record OneThread(Contender contender) implements Contender {

    private static Setup alone(Setup setup) {
        return new Setup(1, setup.instructions(), setup.scratch(), setup.before());
    }

    @Override
    public void load(Setup setup) throws Exception {
        contender.load(alone(setup));
    }

    @Override
    public Facts setup(Setup setup) throws Exception {
        return contender.setup(alone(setup));
    }

    @Override
    public double step(String caseName) throws Exception {
        return contender.step(caseName);
    }

    @Override
    public void close() throws IOException {
        contender.close();
    }
}
