package io.kiln.op;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The value of a record component that is missing in the JSON: for attributes added after files with the record were
 * written. Attributes without a default must be present.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface DefaultValue {
    /**
     * The value.
     *
     * @return JSON text
     */
    String value();
}
