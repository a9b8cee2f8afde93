/** Parts of the compiler that backends and Kiln's own modules use. Not API: it changes without notice. */
package io.kiln.compile.internal;
