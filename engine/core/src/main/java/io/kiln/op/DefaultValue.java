package io.kiln.op;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The value of a record's component in JSON that lacks it: of an attribute that is younger than files which name its record.
 * Attributes without it must be there.
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
