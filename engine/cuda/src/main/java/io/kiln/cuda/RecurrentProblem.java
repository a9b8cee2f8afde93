package io.kiln.cuda;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.internal.RecurrentInputs;
import io.kiln.op.recurrent.GruOp;
import io.kiln.op.recurrent.LstmOp;
import io.kiln.op.recurrent.RnnOp;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnRNNMode;

/**
 * One direction of one recurrent layer in cuDNN's terms.
 *
 * @param mode cuDNN's number of the formula
 * @param type cuDNN's number of the dtype
 * @param steps T
 * @param rows N
 * @param input size of the inputs
 * @param hidden H
 * @param state size of what goes from step to step; less than H with a projection
 */
record RecurrentProblem(int mode, int type, int steps, int rows, int input, int hidden, int state) {
    private static final int NO_MODE = -1;

    /**
     * The problem of an operator; null for what cuDNN does not compute, or not so.
     *
     * @param operator the operator
     * @param in its inputs
     */
    static RecurrentProblem of(Operator operator, Spec... in) {
        int mode = mode(operator);
        if (mode == NO_MODE) {
            return null;
        }
        Shape x = in[RecurrentInputs.X].shape();
        long hidden = kinds(operator).hidden(in[RecurrentInputs.WI].shape());
        long state = in[RecurrentInputs.WH].shape().dim(1);
        long widest = Math.max(x.dim(2), 4 * hidden); // of what cuDNN has for a row
        for (long size : new long[] {x.dim(0), x.dim(1), x.dim(2), hidden, state}) {
            if (size < 1 || size > Integer.MAX_VALUE) {
                return null;
            }
        }
        DType dtype = in[RecurrentInputs.X].dtype();
        boolean widens = kinds(operator).projected() && state >= hidden; // cuDNN takes a projection to H for none
        if (widens || x.dim(0) * x.dim(1) > Integer.MAX_VALUE / widest) {
            return null;
        }
        return new RecurrentProblem(
                mode, Cudnn.type(dtype), (int) x.dim(0), (int) x.dim(1), (int) x.dim(2), (int) hidden, (int) state);
    }

    /** Lengths are on the device, where cuDNN, which wants them on the host, does not look. */
    private static int mode(Operator operator) {
        if (operator instanceof LstmOp o && !o.allSteps() && !o.lengths()) {
            return cudnnRNNMode.CUDNN_LSTM;
        }
        if (operator instanceof GruOp o && !o.allSteps() && !o.lengths() && o.linearBeforeReset()) {
            return cudnnRNNMode.CUDNN_GRU;
        }
        if (operator instanceof RnnOp o && !o.lengths()) {
            return o.activation() == Activation.TANH
                    ? cudnnRNNMode.CUDNN_RNN_TANH
                    : o.activation() == Activation.RELU ? cudnnRNNMode.CUDNN_RNN_RELU : NO_MODE;
        }
        return NO_MODE;
    }

    /** Which inputs a recurrent operator has. */
    static RecurrentInputs kinds(Operator operator) {
        if (operator instanceof LstmOp o) {
            return o.inputs();
        }
        return operator instanceof GruOp o ? o.inputs() : ((RnnOp) operator).inputs();
    }

    /** Whether steps run from last to first. */
    static boolean isReverse(Operator operator) {
        if (operator instanceof LstmOp o) {
            return o.reverse();
        }
        return operator instanceof GruOp o ? o.reverse() : ((RnnOp) operator).reverse();
    }

    boolean isLstm() {
        return mode == cudnnRNNMode.CUDNN_LSTM;
    }

    boolean isProjected() {
        return state < hidden;
    }

    /** How many matrices there are of the inputs, and of the states. */
    int gates() {
        return switch (mode) {
            case cudnnRNNMode.CUDNN_LSTM -> 4;
            case cudnnRNNMode.CUDNN_GRU -> 3;
            default -> 1;
        };
    }

    int elementBytes() {
        return switch (type) {
            case cudnnDataType.CUDNN_DATA_DOUBLE -> Double.BYTES;
            case cudnnDataType.CUDNN_DATA_FLOAT -> Float.BYTES;
            default -> Short.BYTES;
        };
    }
}
