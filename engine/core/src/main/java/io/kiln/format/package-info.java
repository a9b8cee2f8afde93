/** File formats of arrays. */
package io.kiln.format;
