/** Examples to start from. */
package io.kiln.examples;
