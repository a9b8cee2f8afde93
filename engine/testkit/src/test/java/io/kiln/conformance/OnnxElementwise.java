package io.kiln.conformance;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.ActivationFunctions;
import io.kiln.op.activation.HardSigmoid;
import io.kiln.op.math.Elementwise;
import io.kiln.op.math.Functions;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Operators of ONNX that work element by element. */
final class OnnxElementwise {
    private static final double SELU_ALPHA = 1.6732632;
    private final Map<String, OnnxCall.Adapter> adapters;

    private OnnxElementwise(Map<String, OnnxCall.Adapter> adapters) {
        this.adapters = adapters;
    }

    static void addTo(Map<String, OnnxCall.Adapter> adapters) {
        OnnxElementwise group = new OnnxElementwise(adapters);
        group.functions();
        group.activations();
        group.binary();
        group.choices();
    }

    private void unary(String name, UnaryOperator<NDArray> function) {
        one(name, c -> function.apply(c.x()));
    }

    private void binary(String name, BinaryOperator<NDArray> function) {
        one(name, c -> function.apply(c.x(), c.y()));
    }

    private void one(String name, Function<OnnxCall, NDArray> function) {
        adapters.put(name, c -> new NDArray[] {function.apply(c)});
    }

    private void functions() {
        unary("Abs", Elementwise::abs);
        unary("Acos", Elementwise::acos);
        unary("Acosh", Functions::acosh);
        unary("Asin", Elementwise::asin);
        unary("Asinh", Functions::asinh);
        unary("Atan", Elementwise::atan);
        unary("Atanh", Functions::atanh);
        unary("Ceil", Elementwise::ceil);
        unary("Cos", Elementwise::cos);
        unary("Cosh", Elementwise::cosh);
        unary("Erf", Elementwise::erf);
        unary("Exp", Elementwise::exp);
        unary("Floor", Elementwise::floor);
        unary("Identity", NDArray::copy);
        unary("IsNaN", Elementwise::isNan);
        unary("Log", Elementwise::log);
        unary("Neg", Elementwise::neg);
        unary("Not", Elementwise::logicalNot);
        unary("Reciprocal", Elementwise::reciprocal);
        unary("Round", Elementwise::round);
        unary("Sign", Elementwise::sign);
        unary("Sin", Elementwise::sin);
        unary("Sinh", Elementwise::sinh);
        unary("Sqrt", Elementwise::sqrt);
        unary("Tan", Elementwise::tan);
        unary("Tanh", Elementwise::tanh);
        one("Cast", c -> c.x().cast(c.outputs()[0].dtype()));
        one("CastLike", c -> c.x().cast(c.outputs()[0].dtype()));
        one("IsInf", OnnxElementwise::isInf);
    }

    private static NDArray isInf(OnnxCall c) {
        NDArray infinite = Functions.isInf(c.x());
        NDArray above = c.flag("detect_positive", true) ? infinite : Elementwise.logicalAnd(infinite, c.x().lt(0));
        return c.flag("detect_negative", true) ? above : Elementwise.logicalAnd(above, c.x().gt(0));
    }

    private void activations() {
        unary("HardSwish", ActivationFunctions::hardSwish);
        unary("Mish", ActivationFunctions::mish);
        unary("Relu", Elementwise::relu);
        unary("Sigmoid", Elementwise::sigmoid);
        unary("Softplus", Elementwise::softplus);
        unary("Softsign", ActivationFunctions::softsign);
        one("Celu", c -> ActivationFunctions.celu(c.x(), c.real("alpha", 1)));
        one("Elu", c -> Elementwise.elu(c.x(), c.real("alpha", 1)));
        one("Gelu", c -> Elementwise.gelu(c.x(), c.text("approximate", "none").equals("tanh")));
        one("HardSigmoid", c -> Dispatch.one(new HardSigmoid(c.real("alpha", 0.2), c.real("beta", 0.5)), c.x()));
        one("LeakyRelu", c -> Elementwise.leakyRelu(c.x(), c.real("alpha", 0.01)));
        one("PRelu", c -> Elementwise.where(c.x().lt(0), c.x().mul(c.y()), c.x()));
        one("Selu", c -> {
            if (Math.abs(c.real("alpha", SELU_ALPHA) - SELU_ALPHA) > 1e-3) {
                throw new Refusal("selu of another alpha");
            }
            return Elementwise.selu(c.x());
        });
        one("Shrink", c -> {
            if (c.real("bias", 0) != c.real("lambd", 0.5)) {
                throw new Refusal("shrink of a bias that is not lambda");
            }
            return ActivationFunctions.softShrink(c.x(), c.real("lambd", 0.5));
        });
        one("Swish", c -> c.x().mul(Elementwise.sigmoid(c.x().mul(c.real("alpha", 1)))));
        one("ThresholdedRelu", c -> Elementwise.where(c.x().gt(c.real("alpha", 1)), c.x(), Creation.zerosLike(c.x())));
    }

    private void binary() {
        binary("Add", Elementwise::add);
        binary("BitwiseAnd", Functions::bitwiseAnd);
        binary("BitwiseOr", Functions::bitwiseOr);
        binary("BitwiseXor", Functions::bitwiseXor);
        unary("BitwiseNot", Functions::bitwiseNot);
        one(
                "BitShift",
                c -> c.text("direction", "").equals("LEFT")
                        ? Functions.leftShift(c.x(), c.y())
                        : Functions.rightShift(c.x(), c.y()));
        binary("And", Elementwise::logicalAnd);
        one("Div", c -> c.x().dtype().isFloating() ? c.x().div(c.y()) : Functions.truncDiv(c.x(), c.y()));
        binary("Equal", Elementwise::eq);
        binary("Greater", Elementwise::gt);
        binary("GreaterOrEqual", Elementwise::ge);
        binary("Less", Elementwise::lt);
        binary("LessOrEqual", Elementwise::le);
        binary("Mul", Elementwise::mul);
        binary("Or", Elementwise::logicalOr);
        binary("Sub", Elementwise::sub);
        binary("Xor", Functions::logicalXor);
        one("Mod", c -> c.flag("fmod", false) ? Functions.fmod(c.x(), c.y()) : Elementwise.mod(c.x(), c.y()));
        one("Pow", c -> Elementwise.pow(c.x(), c.y()).cast(c.x().dtype()));
        one("Max", c -> fold(c, Elementwise::maximum));
        one("Min", c -> fold(c, Elementwise::minimum));
        one("Sum", c -> fold(c, Elementwise::add));
        one("Mean", c -> fold(c, Elementwise::add).div(c.inputs().length));
    }

    private static NDArray fold(OnnxCall c, BinaryOperator<NDArray> function) {
        NDArray result = c.x();
        for (int k = 1; k < c.inputs().length; k++) {
            result = function.apply(result, c.inputs()[k]);
        }
        return result;
    }

    private void choices() {
        one("Where", c -> Elementwise.where(c.x(), c.y(), c.inputs()[2]));
        one(
                "Clip",
                c -> Elementwise.clip(
                        c.x(),
                        c.input(1) == null ? Double.NEGATIVE_INFINITY : c.y().item(),
                        c.input(2) == null ? Double.POSITIVE_INFINITY : c.inputs()[2].item()));
        one("Hardmax", c -> {
            NDArray hot = Dispatch.one(
                    new io.kiln.op.index.OneHot(c.x().shape().dim(c.axis(-1)), DType.FLOAT32),
                    c.x().argMax(c.axis(-1)));
            return OnnxShapes.lastAxisTo(hot, c.axis(-1));
        });
    }
}
