/**
 * Readers of data files. They check counts and lengths before they allocate, and their errors name file, place, what was expected
 * and what was found.
 */
package io.kiln.data.file;
