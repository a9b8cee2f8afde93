/**
 * Well-known networks, ready for training. Each class builds the network of one paper; anything not documented is as in
 * the paper, or as in torchvision where that is customary. Nothing is allocated before a network first sees data.
 */
package io.kiln.nn.zoo;
