# Third-party libraries, all from the distribution's packages (scripts/packages.txt).
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED) # the module: Debian ships no config file
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(Boost 1.74 REQUIRED) # headers: Asio, Beast
find_package(CLI11 CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED COMPONENTS core)
find_package(spdlog CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
if(NOT TARGET yaml-cpp::yaml-cpp) # 0.7 has only the bare name
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()
find_package(GTest CONFIG REQUIRED)
find_package(benchmark CONFIG REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(CURL 7.88 REQUIRED)

find_package(PkgConfig REQUIRED)
find_package(httplib CONFIG QUIET) # an upstream install; Debian has only the .pc file
if(NOT TARGET httplib::httplib)
  pkg_check_modules(httplib_pc REQUIRED IMPORTED_TARGET GLOBAL cpp-httplib>=0.11.4)
  add_library(httplib::httplib ALIAS PkgConfig::httplib_pc)
endif()
pkg_check_modules(nghttp2 REQUIRED IMPORTED_TARGET GLOBAL libnghttp2>=1.52)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
