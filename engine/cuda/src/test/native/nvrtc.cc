// SPDX-License-Identifier: Apache-2.0
// The test's libnvrtc: compiles CUDA C++ with g++, with prelude.h before it, to a shared object that the test's libcuda loads.
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base64.h"

#define API extern "C" __attribute__((visibility("default")))

extern "C" void kiln_count(const char* name);

namespace {

enum : int {
  SUCCESS = 0,
  INVALID_INPUT = 3,
  INVALID_PROGRAM = 4,
  INVALID_OPTION = 5,
  COMPILATION = 6,
};

constexpr int ARCHITECTURES[] = {50, 52, 53, 60, 61, 62, 70, 72, 75, 80, 86, 87, 89, 90, 100, 120};

struct Program {
  std::string source;
  std::string name;
  std::map<std::string, std::string> headers;
  std::string log;
  std::string object;
  bool real = false;
};

std::string folder() {
  Dl_info info;
  dladdr(reinterpret_cast<void*>(&folder), &info);
  std::string file = info.dli_fname;
  return file.substr(0, file.rfind('/'));
}

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (char c : text) {
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return result + "'";
}

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  out << bytes;
}

// Runs a command; its output goes to the log.
bool run(const std::string& command, std::string* log) {
  FILE* output = popen((command + " 2>&1").c_str(), "r");
  if (output == nullptr) {
    *log += "cannot run g++\n";
    return false;
  }
  char part[4096];
  size_t n;
  while ((n = fread(part, 1, sizeof part, output)) > 0) {
    log->append(part, n);
  }
  return pclose(output) == 0;
}

bool is_word(char c) {
  return isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// The place of a word from a place on.
size_t find_word(const std::string& text, const std::string& word, size_t from) {
  while ((from = text.find(word, from)) != std::string::npos) {
    if ((from == 0 || !is_word(text[from - 1])) && !is_word(text[from + word.size()])) {
      return from;
    }
    from += word.size();
  }
  return from;
}

// Gives the words that a macro cannot express: kernels are listed, and shared arrays get their place.
std::string rewrite(std::string text, std::vector<std::string>* kernels, std::string* log) {
  std::set<std::string> seen;
  for (size_t at = 0; (at = find_word(text, "__global__", at)) != std::string::npos;) {
    size_t open = text.find('(', at);
    size_t end = open;
    while (end > at && isspace(static_cast<unsigned char>(text[end - 1])) != 0) {
      end--;
    }
    size_t begin = end;
    while (begin > at && is_word(text[begin - 1])) {
      begin--;
    }
    size_t before = at;
    while (before > 0 && isspace(static_cast<unsigned char>(text[before - 1])) != 0) {
      before--;
    }
    std::string name = text.substr(begin, end - begin);
    if (before < 3 || text.compare(before - 3, 3, "\"C\"") != 0) {
      *log += "note: kernel " + name + " is not extern \"C\": it cannot be found by its name\n";
    } else if (seen.insert(name).second) {
      kernels->push_back(name);
    }
    text.erase(at, strlen("__global__"));
  }
  for (size_t at = 0; (at = find_word(text, "__shared__", at)) != std::string::npos;) {
    size_t before = at;
    while (before > 0 && isspace(static_cast<unsigned char>(text[before - 1])) != 0) {
      before--;
    }
    if (before < 6 || text.compare(before - 6, 6, "extern") != 0) {
      text.replace(at, strlen("__shared__"), "static __attribute__((section(\"kiln_shared\")))");
      continue;
    }
    size_t end = text.find(';', at);
    std::string declaration = text.substr(at + 10, end - at - 10);
    size_t bracket = declaration.find('[');
    size_t stop = bracket;
    while (stop > 0 && isspace(static_cast<unsigned char>(declaration[stop - 1])) != 0) {
      stop--;
    }
    size_t start = stop;
    while (start > 0 && is_word(declaration[start - 1])) {
      start--;
    }
    std::string type = declaration.substr(0, start);
    std::string line = type + "* " + declaration.substr(start, stop - start) + " = (" + type + "*)kiln_runtime->dynamic_shared();";
    text.replace(before - 6, end + 1 - (before - 6), line);
  }
  return text;
}

std::string entries(const std::vector<std::string>& kernels) {
  std::string text = "\nstatic const kiln::KernelInfo kiln_kernels[] = {\n";
  for (const std::string& name : kernels) {
    std::string entry = "KilnEntry<decltype(&" + name + "), &" + name + ">";
    text += "  {\"" + name + "\", " + entry + "::entry, " + entry + "::sizes, " + entry + "::count},\n";
  }
  return text + "  {nullptr, nullptr, nullptr, 0}};\n"
                "extern \"C\" __attribute__((visibility(\"default\"))) const kiln::ModuleInfo* kiln_module(kiln::Runtime* runtime) {\n"
                "  static kiln::ModuleInfo info;\n"
                "  kiln_runtime = runtime;\n"
                "  info = {&kiln_index, __start_kiln_shared, static_cast<unsigned long long>(__stop_kiln_shared - __start_kiln_shared),\n"
                "          kiln_kernels, " + std::to_string(kernels.size()) + "};\n"
                "  return &info;\n"
                "}\n";
}

bool starts(const std::string& text, const char* with) {
  return text.compare(0, strlen(with), with) == 0;
}

// NVRTC's options as g++'s; false for one that NVRTC does not have.
bool translate(int count, const char* const* options, std::string* flags, int* architecture, bool* real, std::string* log) {
  for (int i = 0; i < count; i++) {
    std::string option = options[i];
    std::string value = option.substr(std::min(option.size(), option.find('=') + 1));
    bool apart = option == "-D" || option == "-I" || option == "-arch" || option == "--gpu-architecture";
    if (apart && i + 1 < count) {
      value = options[++i];
    }
    if (starts(option, "-arch") || starts(option, "--gpu-architecture")) {
      *real = starts(value, "sm_");
      *architecture = atoi(value.c_str() + std::min(value.size(), value.find('_') + 1));
      bool known = std::find(std::begin(ARCHITECTURES), std::end(ARCHITECTURES), *architecture) != std::end(ARCHITECTURES);
      if (!known || (!*real && !starts(value, "compute_"))) {
        *log += "nvrtc: error: invalid value for --gpu-architecture (-arch): " + value + "\n";
        return false;
      }
    } else if (starts(option, "-D") || starts(option, "--define-macro")) {
      *flags += " -D" + quoted(starts(option, "-D") && !apart ? option.substr(2) : value);
    } else if (starts(option, "-I") || starts(option, "--include-path")) {
      *flags += " -I" + quoted(starts(option, "-I") && !apart ? option.substr(2) : value);
    } else if (!starts(option, "-std=") && !starts(option, "--std=") && !starts(option, "--fmad=") && !starts(option, "-fmad=") &&
               !starts(option, "--ftz=") && !starts(option, "--prec-div=") && !starts(option, "--prec-sqrt=") &&
               option != "-default-device" && option != "--device-as-default-execution-space" && option != "-lineinfo" &&
               option != "--generate-line-info" && !starts(option, "--maxrregcount=") && option != "--use_fast_math" &&
               option != "-w" && option != "--disable-warnings" && option != "--extra-device-vectorization" &&
               option != "--restrict") {
      *log += "nvrtc: error: unrecognized option " + option + " found\n";
      return false;
    }
  }
  return true;
}

// Keeps what compiles, for build/nvrtc.py to give to NVIDIA's compiler: the source, its headers, its options but the architecture.
void keep(const Program& program, const std::string& here, int count, const char* const* options) {
  std::string flags;
  for (int i = 0; i < count; i++) {
    std::string option = options[i];
    if (option == "-arch" || option == "--gpu-architecture") {
      i++;
    } else if (!starts(option, "-arch=") && !starts(option, "--gpu-architecture=")) {
      flags += option + "\n";
    }
  }
  std::string all = program.source + flags;
  for (const auto& header : program.headers) {
    all += header.first + header.second;
  }
  char name[40];
  snprintf(name, sizeof name, "/%016zx-%zx", std::hash<std::string>()(all), all.size());
  std::string folder = here + "/sources" + name;
  mkdir((here + "/sources").c_str(), 0777);
  if (mkdir(folder.c_str(), 0777) != 0) {
    return;
  }
  mkdir((folder + "/headers").c_str(), 0777);
  for (const auto& header : program.headers) {
    for (size_t slash = 0; (slash = header.first.find('/', slash + 1)) != std::string::npos;) {
      mkdir((folder + "/headers/" + header.first.substr(0, slash)).c_str(), 0777);
    }
    write(folder + "/headers/" + header.first, header.second);
  }
  write(folder + "/options", flags);
  write(folder + "/source.cu", program.source);
}

int compile(Program* program, int count, const char* const* options) {
  std::string flags;
  int architecture = 75;
  if (!translate(count, options, &flags, &architecture, &program->real, &program->log)) {
    return INVALID_OPTION;
  }
  std::string here = folder();
  std::string kept;
  {
    std::string all = flags + std::to_string(architecture) + read(here + "/prelude.h") + read(here + "/kernel.h") + program->source;
    for (const auto& header : program->headers) {
      all += header.first + header.second;
    }
    char name[40];
    snprintf(name, sizeof name, "/cache/%016zx-%zx.so", std::hash<std::string>()(all), all.size());
    kept = here + name;
  }
  program->object = read(kept);
  if (!program->object.empty()) {
    keep(*program, here, count, options);
    return SUCCESS;
  }
  kiln_count("compilations");
  char work[] = "/tmp/kiln-test-nvrtc-XXXXXX";
  if (mkdtemp(work) == nullptr) {
    program->log += "cannot make a temporary folder\n";
    return COMPILATION;
  }
  std::string at = work;
  for (const auto& header : program->headers) {
    for (size_t slash = 0; (slash = header.first.find('/', slash + 1)) != std::string::npos;) {
      mkdir((at + "/" + header.first.substr(0, slash)).c_str(), 0700);
    }
    write(at + "/" + header.first, header.second);
  }
  // Its own name in messages.
  write(at + "/source.cu", "#line 1 \"" + program->name + "\"\n" + program->source);
  const char* compiler = getenv("KILN_TEST_DRIVER_CXX");
  std::string cxx = std::string("LC_ALL=C ") + (compiler != nullptr ? quoted(compiler) : std::string("g++"));
  bool done = run(cxx + " -x c++ -std=c++17 -E -nostdinc -nostdinc++ -D__CUDA_ARCH__=" + std::to_string(architecture * 10) + flags +
                      " -I" + quoted(at) + " -include " + quoted(here + "/prelude.h") + " -o " + quoted(at + "/source.ii") + " " +
                      quoted(at + "/source.cu"),
                  &program->log);
  if (done) {
    std::vector<std::string> kernels;
    std::string text = rewrite(read(at + "/source.ii"), &kernels, &program->log);
    write(at + "/source.ii", text + entries(kernels));
    done = run(cxx + " -x c++-cpp-output -std=c++17 -O1 -w -fPIC -shared -fvisibility=hidden -fno-exceptions -fno-rtti -ffp-contract=off" +
                   " -fno-strict-aliasing -fno-stack-protector -fsanitize=bounds,alignment -fsanitize-undefined-trap-on-error -o " +
                   quoted(at + "/source.so") + " " + quoted(at + "/source.ii") + " -lm",
               &program->log);
  }
  if (done) {
    program->object = read(at + "/source.so");
    mkdir((here + "/cache").c_str(), 0777);
    std::string partial = kept + "." + std::to_string(getpid()) + at.substr(at.rfind('-'));
    write(partial, program->object);
    rename(partial.c_str(), kept.c_str());
  }
  run("rm -r " + quoted(at), &program->log);
  if (done) {
    keep(*program, here, count, options);
  }
  return done ? SUCCESS : COMPILATION;
}

}  // namespace

API int nvrtcVersion(int* major, int* minor) {
  *major = 12;
  *minor = 6;
  return SUCCESS;
}

API const char* nvrtcGetErrorString(int code) {
  switch (code) {
    case SUCCESS: return "NVRTC_SUCCESS";
    case INVALID_INPUT: return "NVRTC_ERROR_INVALID_INPUT";
    case INVALID_PROGRAM: return "NVRTC_ERROR_INVALID_PROGRAM";
    case INVALID_OPTION: return "NVRTC_ERROR_INVALID_OPTION";
    case COMPILATION: return "NVRTC_ERROR_COMPILATION";
    default: return "NVRTC_ERROR unknown";
  }
}

API int nvrtcGetNumSupportedArchs(int* to) {
  *to = static_cast<int>(sizeof ARCHITECTURES / sizeof *ARCHITECTURES);
  return SUCCESS;
}

API int nvrtcGetSupportedArchs(int* to) {
  std::copy(std::begin(ARCHITECTURES), std::end(ARCHITECTURES), to);
  return SUCCESS;
}

API int nvrtcCreateProgram(void** to, const char* source, const char* name, int count, const char* const* headers,
                           const char* const* names) {
  if (source == nullptr || count < 0) {
    return INVALID_INPUT;
  }
  Program* program = new Program();
  program->source = source;
  program->name = name == nullptr ? "default_program" : name;
  for (int i = 0; i < count; i++) {
    program->headers[names[i]] = headers[i];
  }
  *to = program;
  return SUCCESS;
}

API int nvrtcDestroyProgram(void** program) {
  delete static_cast<Program*>(*program);
  *program = nullptr;
  return SUCCESS;
}

API int nvrtcCompileProgram(void* program, int count, const char* const* options) {
  kiln_count("nvrtcCompileProgram");
  return program == nullptr ? static_cast<int>(INVALID_PROGRAM) : compile(static_cast<Program*>(program), count, options);
}

API int nvrtcGetProgramLogSize(void* program, size_t* to) {
  *to = static_cast<Program*>(program)->log.size() + 1;
  return SUCCESS;
}

API int nvrtcGetProgramLog(void* program, char* to) {
  const std::string& log = static_cast<Program*>(program)->log;
  memcpy(to, log.c_str(), log.size() + 1);
  return SUCCESS;
}

API int nvrtcGetCUBINSize(void* handle, size_t* to) {
  Program* program = static_cast<Program*>(handle);
  *to = program->real ? program->object.size() : 0;
  return SUCCESS;
}

API int nvrtcGetCUBIN(void* handle, char* to) {
  Program* program = static_cast<Program*>(handle);
  if (!program->real || program->object.empty()) {
    return INVALID_PROGRAM;
  }
  memcpy(to, program->object.data(), program->object.size());
  return SUCCESS;
}

API int nvrtcGetPTXSize(void* handle, size_t* to) {
  Program* program = static_cast<Program*>(handle);
  *to = strlen(kiln::PTX_MARK) + kiln::to_base64(program->object).size() + 1;
  return SUCCESS;
}

API int nvrtcGetPTX(void* handle, char* to) {
  Program* program = static_cast<Program*>(handle);
  std::string text = kiln::PTX_MARK + kiln::to_base64(program->object);
  memcpy(to, text.c_str(), text.size() + 1);
  return program->object.empty() ? static_cast<int>(INVALID_PROGRAM) : static_cast<int>(SUCCESS);
}
