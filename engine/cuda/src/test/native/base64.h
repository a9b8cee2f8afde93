// SPDX-License-Identifier: Apache-2.0
// What the test's libnvrtc gives as PTX is its shared object in base64, after a mark.
#pragma once

#include <string>

namespace kiln {

constexpr const char* PTX_MARK = "// Kiln test driver, not PTX: ";

inline std::string to_base64(const std::string& bytes) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  unsigned bits = 0;
  int held = 0;
  for (unsigned char byte : bytes) {
    bits = bits << 8 | byte;
    held += 8;
    while (held >= 6) {
      held -= 6;
      text += digits[bits >> held & 63];
    }
  }
  if (held > 0) {
    text += digits[bits << (6 - held) & 63];
  }
  return text;
}

inline std::string from_base64(const char* text) {
  std::string bytes;
  unsigned bits = 0;
  int held = 0;
  for (; *text != 0; text++) {
    char c = *text;
    int digit = c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : c >= '0' && c <= '9' ? c - '0' + 52
              : c == '+' ? 62 : c == '/' ? 63 : -1;
    if (digit < 0) {
      break;
    }
    bits = bits << 6 | static_cast<unsigned>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes += static_cast<char>(bits >> held & 255);
    }
  }
  return bytes;
}

}  // namespace kiln
