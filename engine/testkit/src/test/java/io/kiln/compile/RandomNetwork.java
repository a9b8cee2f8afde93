package io.kiln.compile;

import io.kiln.init.Ones;
import io.kiln.init.Zeros;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.Parameter;
import io.kiln.op.Role;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * A network of 5 to 40 random operators: pointwise ones that broadcast, casts, comparisons, reductions, views, slices, parts,
 * joins, gathers, products, convolutions, pooling, normalisation, attention, dropout. Everything follows from the seed: two
 * networks of one seed are the same. Some values are used by nobody, some calls are made twice, up to three are outputs.
 */
final class RandomNetwork extends Block {
    private static final int LARGEST = 1024;

    private final long seed;
    private final DType type;
    private final Map<String, Parameter> weights = new LinkedHashMap<>();

    RandomNetwork(long seed) {
        this.seed = seed;
        type = new Random(seed).nextInt(4) == 0 ? DType.FLOAT64 : DType.FLOAT32;
        try (Scope scope = Scope.open()) {
            RandomGenerator.seed(seed);
            weight("square", 0.4, 6, 6);
            weight("bias", 0.4, 6);
            weight("kernel", 0.2, 4, 4, 3, 3);
            weight("table", 0.7, 8, 6);
            weight("gamma", 0.5, 4);
            weight("beta", 0.5, 4);
            statistic("mean", new Parameter("mean", Role.RUNNING_MEAN, type, Shape.of(4), new Zeros()));
            statistic("variance", new Parameter("variance", Role.RUNNING_VARIANCE, type, Shape.of(4), new Ones()));
        }
    }

    private void weight(String name, double deviation, long... dims) {
        Parameter p = addParameter(new Parameter(name, Role.WEIGHT, type, Shape.of(dims), new Zeros()));
        p.set(RandomOps.normal(Shape.of(dims), 0, deviation, type));
        weights.put(name, p);
    }

    private void statistic(String name, Parameter p) {
        addParameter(p);
        p.set(name.equals("mean") ? NDArray.zeros(p.shape(), type) : NDArray.ones(p.shape(), type));
        weights.put(name, p);
    }

    /** {@return the type in which it computes} */
    DType type() {
        return type;
    }

    /** {@return the specs of its inputs} */
    Spec[] inputs() {
        return new Spec[] {
            new Spec(Shape.of(2, 4, 6, 6), type), new Spec(Shape.of(6), type), new Spec(Shape.of(4, 6), type)
        };
    }

    /** {@return the same inputs, with special values in some places} */
    NDArray[] specialData() {
        double[] special = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -0.0, 0, 1e-41};
        Random random = new Random(seed);
        NDArray[] x = data();
        for (int i = 0; i < x.length; i++) {
            double[] values = x[i].toDoubleArray();
            for (int n = random.nextInt(3); n >= 0; n--) {
                values[random.nextInt(values.length)] = special[random.nextInt(special.length)];
            }
            x[i] = NDArray.of(x[i].shape(), values).cast(type);
        }
        return x;
    }

    /** {@return inputs that follow from the seed} */
    NDArray[] data() {
        RandomGenerator.seed(seed);
        Spec[] specs = inputs();
        NDArray[] x = new NDArray[specs.length];
        for (int i = 0; i < x.length; i++) {
            x[i] = RandomOps.normal(specs[i].shape(), 0, 1, type);
        }
        return x;
    }

    @Override
    public NDArray forward(NDArray x) {
        throw new UnsupportedOperationException();
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        return new Growth(inputs).outputs();
    }

    /** How values follow from others. */
    interface Rule {
        /**
         * Chooses operands and attributes.
         *
         * @param g the values so far
         * @return the call; null when no value fits
         */
        Supplier<NDArray[]> draw(Growth g);
    }

    /** The values of a network while it grows. */
    final class Growth {
        private final Random random = new Random(seed);
        private final List<NDArray> values;
        private final List<Supplier<NDArray[]>> calls = new ArrayList<>();

        private Growth(NDArray... inputs) {
            values = new ArrayList<>(List.of(inputs));
        }

        NDArray[] outputs() {
            int operators = 5 + random.nextInt(36);
            for (int i = 0; i < operators; i++) {
                NDArray[] made = next().get();
                for (NDArray y : made) {
                    if (y.size() > 0 && y.size() <= LARGEST && y.dtype() == type) {
                        values.add(y);
                    }
                }
            }
            NDArray[] outputs = new NDArray[1 + random.nextInt(3)];
            for (int i = 0; i < outputs.length; i++) {
                int back = random.nextInt(Math.min(values.size(), 6));
                outputs[i] = values.get(values.size() - 1 - back).mul(1 + i);
            }
            return outputs;
        }

        private Supplier<NDArray[]> next() {
            if (!calls.isEmpty() && random.nextInt(10) == 0) {
                return calls.get(random.nextInt(calls.size()));
            }
            while (true) {
                Supplier<NDArray[]> call = RandomRules.ALL
                        .get(random.nextInt(RandomRules.ALL.size()))
                        .draw(this);
                if (call != null) {
                    calls.add(call);
                    return call;
                }
            }
        }

        /** {@return a number from 0 to below n} */
        int below(int n) {
            return random.nextInt(n);
        }

        /** {@return one of some things} */
        @SafeVarargs
        final <T> T oneOf(T... things) {
            return things[random.nextInt(things.length)];
        }

        /** {@return one of the values, later ones more often} */
        NDArray any() {
            int n = values.size();
            return values.get(Math.max(random.nextInt(n), random.nextInt(n)));
        }

        /** {@return one of the values that fit; null when none does} */
        NDArray any(Predicate<NDArray> fits) {
            List<NDArray> fitting = values.stream().filter(fits).toList();
            return fitting.isEmpty() ? null : fitting.get(random.nextInt(fitting.size()));
        }

        /** {@return a value of at least so many axes, all of them of two elements or more; null when there is none} */
        NDArray ofRank(int least) {
            return any(a -> a.shape().rank() >= least);
        }

        /** {@return an axis of a value} */
        int axis(NDArray a) {
            return random.nextInt(a.shape().rank());
        }

        DType type() {
            return type;
        }

        NDArray weight(String name) {
            return weights.get(name).data();
        }
    }
}
