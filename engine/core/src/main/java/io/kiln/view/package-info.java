/** Networks for people: the summary of layers, sizes and work, and drawings. */
package io.kiln.view;
