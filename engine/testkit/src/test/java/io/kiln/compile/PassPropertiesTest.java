package io.kiln.compile;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.ndarray.Scope;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds of every pass: on random networks, with and without gradients, it changes no value. */
@Tag("long")
class PassPropertiesTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static List<Pass> passes() {
        List<Pass> passes = new ArrayList<>(List.of(
                new Decompose(new Plans(Backends.current())),
                new Simplify(),
                new CommonSubexpressions(),
                new DeadNodes(),
                new FuseConvolution(Programs.target()),
                new FusePostOps(Target.of(Backends.current()))));
        passes.addAll(Programs.target().passes());
        passes.add(new FusePointwise(Programs.target()));
        passes.add(new DeadNodes());
        return passes;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void noPassChangesWhatARandomNetworkComputes(boolean training) {
        for (long seed = 0; seed < 60; seed++) {
            try (Scope own = Scope.open();
                    Autograd.Mode mode = Autograd.pauseInMode(training)) {
                Program p = Programs.random(seed, training);
                if (training) {
                    Program turned = Programs.run(new PoolBeforeRelu(), p);
                    Programs.assertSame("seed " + seed + ", poolBeforeRelu", p, turned);
                    p = Programs.differentiated(turned);
                    Verifier.check("differentiate", p);
                }
                for (Pass pass : passes()) {
                    Program next = Programs.run(pass, p);
                    Programs.assertSame("seed " + seed + ", " + pass.name(), p, next);
                    p = next;
                }
            }
        }
    }
}
