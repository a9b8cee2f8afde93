/** Finds, unpacks and loads the native libraries of oneDNN, and speaks to their OpenMP runtime. */
package io.kiln.cpu.natives;
