package io.kiln.cpu.onednn;

import io.kiln.ndarray.DType;
import org.bytedeco.dnnl.global.dnnl;

/** oneDNN's numbers for element types. */
final class DataTypes {

    private DataTypes() {}

    /** The number of a type; {@code bool} is stored like unsigned bytes. */
    static int code(DType dtype) {
        switch (dtype) {
            case FLOAT32:
                return dnnl.dnnl_f32;
            case BFLOAT16:
                return dnnl.dnnl_bf16;
            case FLOAT16:
                return dnnl.dnnl_f16;
            case INT32:
                return dnnl.dnnl_s32;
            case UINT8:
            case BOOL:
                return dnnl.dnnl_u8;
            default:
                throw new IllegalArgumentException(
                        "oneDNN has no element type " + dtype + "; cast to float32 or use the Java kernel");
        }
    }

    /** Whether oneDNN computes with this type (float32, or storage of 16 bits). */
    static boolean isFloat(DType dtype) {
        return dtype == DType.FLOAT32 || dtype == DType.BFLOAT16 || dtype == DType.FLOAT16;
    }
}
