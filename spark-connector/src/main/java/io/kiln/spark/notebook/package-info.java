/**
 * Pictures and tables for notebooks: what a cell shows of a network, a fit and its predictions. Zeppelin gets HTML by its display
 * system, Python's package takes the same HTML for Jupyter, and a terminal gets text.
 */
package io.kiln.spark.notebook;
