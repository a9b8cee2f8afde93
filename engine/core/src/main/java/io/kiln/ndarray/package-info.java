/** Arrays outside the Java heap: shape, dtype, strided views, scopes. */
package io.kiln.ndarray;
