package io.kiln.conformance;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.ActivationFunctions;
import io.kiln.op.activation.HardSigmoid;
import io.kiln.op.math.Elementwise;
import io.kiln.op.math.Functions;
import io.kiln.op.nn.Neural;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Functions of PyTorch that work element by element. */
final class TorchElementwise {
    private final Map<String, TorchCall.Adapter> adapters;

    private TorchElementwise(Map<String, TorchCall.Adapter> adapters) {
        this.adapters = adapters;
    }

    static void addTo(Map<String, TorchCall.Adapter> adapters) {
        TorchElementwise group = new TorchElementwise(adapters);
        group.functions();
        group.special();
        group.activations();
        group.arithmetic();
        group.comparisons();
    }

    private void unary(String name, UnaryOperator<NDArray> function) {
        one(name, c -> function.apply(c.x()));
    }

    private void binary(String name, BinaryOperator<NDArray> function) {
        one(name, c -> function.apply(c.x(), c.x(1)));
    }

    private void one(String name, Function<TorchCall, NDArray> function) {
        adapters.put(name, c -> new NDArray[] {function.apply(c)});
    }

    private void functions() {
        unary("abs", Elementwise::abs);
        unary("acos", Elementwise::acos);
        unary("acosh", Functions::acosh);
        unary("asin", Elementwise::asin);
        unary("asinh", Functions::asinh);
        unary("atan", Elementwise::atan);
        unary("atanh", Functions::atanh);
        unary("ceil", Elementwise::ceil);
        unary("cos", Elementwise::cos);
        unary("cosh", Elementwise::cosh);
        unary("deg2rad", Functions::radians);
        unary("exp", Elementwise::exp);
        unary("exp2", Functions::exp2);
        unary("expm1", Elementwise::expm1);
        unary("floor", Elementwise::floor);
        unary("isfinite", Elementwise::isFinite);
        unary("isinf", Functions::isInf);
        unary("isnan", Elementwise::isNan);
        unary("log", Elementwise::log);
        unary("log10", Functions::log10);
        unary("log1p", Elementwise::log1p);
        unary("log2", Functions::log2);
        unary("logical_not", Elementwise::logicalNot);
        unary("neg", Elementwise::neg);
        unary("rad2deg", Functions::degrees);
        unary("reciprocal", Elementwise::reciprocal);
        one("round", c -> {
            TorchCall.needs(c.variant().isEmpty(), "rounding to decimals");
            return Elementwise.round(c.x());
        });
        unary("rsqrt", Elementwise::rsqrt);
        unary("sign", Elementwise::sign);
        unary("sin", Elementwise::sin);
        unary("sinh", Elementwise::sinh);
        unary("sqrt", Elementwise::sqrt);
        unary("square", Elementwise::square);
        unary("tan", Elementwise::tan);
        unary("tanh", Elementwise::tanh);
        unary("trunc", Functions::trunc);
    }

    private void special() {
        unary("digamma", Functions::digamma);
        unary("erf", Elementwise::erf);
        unary("erfc", Functions::erfc);
        unary("erfinv", Functions::erfinv);
        unary("lgamma", Functions::lgamma);
        one("polygamma", c -> {
            long n = c.args().get(0) instanceof Long order ? order : c.integer(1, "n", 0);
            TorchCall.needs(n >= 1 && n <= 20, "polygamma of order " + n);
            return Functions.polygamma((int) n, c.leaves().get(0));
        });
        one("logit", c -> {
            double epsilon = c.real(1, "eps", 0);
            return Functions.logit(c.has(1, "eps") ? c.x().clip(epsilon, 1 - epsilon) : c.x());
        });
        one(
                "nan_to_num",
                c -> Functions.nanToNum(
                        c.x(),
                        c.real(1, "nan", 0),
                        c.real(2, "posinf", Double.MAX_VALUE),
                        c.real(3, "neginf", -Double.MAX_VALUE)));
    }

    private void activations() {
        unary("sigmoid", Elementwise::sigmoid);
        unary("nn.functional.hardswish", ActivationFunctions::hardSwish);
        unary("nn.functional.logsigmoid", ActivationFunctions::logSigmoid);
        unary("nn.functional.mish", ActivationFunctions::mish);
        unary("nn.functional.relu", Elementwise::relu);
        unary("nn.functional.selu", Elementwise::selu);
        unary("nn.functional.silu", Elementwise::silu);
        unary("nn.functional.softsign", ActivationFunctions::softsign);
        one("nn.functional.celu", c -> ActivationFunctions.celu(c.x(), c.real(1, "alpha", 1)));
        one("nn.functional.elu", c -> Elementwise.elu(c.x(), c.real(1, "alpha", 1)));
        one(
                "nn.functional.gelu",
                c -> Elementwise.gelu(c.x(), c.text(1, "approximate", "none").equals("tanh")));
        one("nn.functional.glu", c -> ActivationFunctions.glu(c.x(), (int) c.integer(1, "dim", -1)));
        one("nn.functional.hardsigmoid", c -> Dispatch.one(new HardSigmoid(1 / 6.0, 0.5), c.x()));
        one("nn.functional.leaky_relu", c -> Elementwise.leakyRelu(c.x(), c.real(1, "negative_slope", 0.01)));
        one("nn.functional.prelu", c -> ActivationFunctions.prelu(c.x(), c.optional(1, "weight")));
        one("nn.functional.softplus", c -> {
            TorchCall.needs(c.real(1, "beta", 1) == 1, "softplus of another beta");
            TorchCall.needs(c.real(2, "threshold", 20) >= 20, "softplus of another threshold");
            return Elementwise.softplus(c.x());
        });
        one("nn.functional.softshrink", c -> ActivationFunctions.softShrink(c.x(), c.real(1, "lambd", 0.5)));
        one("nn.functional.softmin", c -> {
            c.without("dtype");
            return ActivationFunctions.softmin(c.x(), (int) c.integer(1, "dim", -1));
        });
        one("softmax", c -> {
            c.without("dtype");
            return Neural.softmax(c.x(), (int) c.integer(1, "dim", -1));
        });
        one("log_softmax", c -> {
            c.without("dtype");
            return Neural.logSoftmax(c.x(), (int) c.integer(1, "dim", -1));
        });
    }

    private void arithmetic() {
        one("add", c -> Elementwise.add(c.x(), scaled(c)));
        one("sub", c -> Elementwise.sub(c.x(), scaled(c)));
        binary("mul", Elementwise::mul);
        one("div", c -> switch (c.text(-1, "rounding_mode", "")) {
            case "floor" -> Elementwise.floorDiv(c.x(), c.x(1));
            case "trunc" -> Functions.truncDiv(c.x(), c.x(1));
            default -> Elementwise.div(c.x(), c.x(1));
        });
        binary("floor_divide", Elementwise::floorDiv);
        binary("fmod", Functions::fmod);
        binary("remainder", Elementwise::mod);
        binary("bitwise_and", Functions::bitwiseAnd);
        binary("bitwise_left_shift", Functions::leftShift);
        unary("bitwise_not", Functions::bitwiseNot);
        binary("bitwise_or", Functions::bitwiseOr);
        binary("bitwise_right_shift", Functions::rightShift);
        binary("bitwise_xor", Functions::bitwiseXor);
        binary("xlogy", Functions::xlogy);
        one(
                "pow",
                c -> c.argument(1, "") instanceof Number n
                        ? Elementwise.pow(c.x(), n.doubleValue())
                        : Elementwise.pow(c.x(), c.x(1)));
        binary("atan2", Elementwise::atan2);
        binary("hypot", Functions::hypot);
        binary("logaddexp", Functions::logAddExp);
        binary("maximum", Elementwise::maximum);
        binary("minimum", Elementwise::minimum);
        one(
                "lerp",
                c -> Functions.lerp(
                        c.x(),
                        c.x(1),
                        c.argument(2, "weight") instanceof NDArray w
                                ? w
                                : NDArray.scalar(c.real(2, "weight", 0), c.x().dtype())));
        one("clamp", c -> {
            NDArray low = c.optional(1, "min");
            NDArray high = c.optional(2, "max");
            if (low == null && high == null) {
                return Elementwise.clip(
                        c.x(), c.real(1, "min", Double.NEGATIVE_INFINITY), c.real(2, "max", Double.POSITIVE_INFINITY));
            }
            NDArray above = low == null ? c.x() : c.x().maximum(low);
            return high == null ? above : above.minimum(high);
        });
    }

    private static NDArray scaled(TorchCall c) {
        double alpha = c.real(-1, "alpha", 1);
        return alpha == 1 ? c.x(1) : c.x(1).mul(alpha);
    }

    private void comparisons() {
        binary("eq", Elementwise::eq);
        binary("ne", Elementwise::ne);
        binary("lt", Elementwise::lt);
        binary("le", Elementwise::le);
        binary("gt", Elementwise::gt);
        binary("ge", Elementwise::ge);
        binary("logical_and", Elementwise::logicalAnd);
        binary("logical_or", Elementwise::logicalOr);
        binary("logical_xor", Functions::logicalXor);
        one("where", c -> Elementwise.where(c.x(1), c.x(), c.x(2)));
        one(
                "masked_fill",
                c -> Elementwise.where(
                        c.x(1),
                        c.argument(2, "value") instanceof NDArray v
                                ? v
                                : NDArray.scalar(c.real(2, "value", 0), c.x().dtype()),
                        c.x()));
    }
}
