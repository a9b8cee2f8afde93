/** Damaged files for the tests of readers. */
package io.kiln.fuzz;
