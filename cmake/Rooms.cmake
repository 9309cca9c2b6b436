# A room is a top-level folder with one library target, `slipway_<room>`, one test program,
# `<room>_test`, and fuzz targets (Fuzz.cmake). What a room may use is what its DEPS name.
set(SLIPWAY_SANITIZE "" CACHE STRING "comma-separated sanitizers, e.g. address,undefined")
option(SLIPWAY_WERROR "treat warnings as errors" OFF)

add_library(slipway_options INTERFACE)
target_include_directories(slipway_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(slipway_options INTERFACE -Wall -Wextra -Wno-unused-parameter
  -Wno-missing-field-initializers $<$<BOOL:${SLIPWAY_WERROR}>:-Werror>)
if(SLIPWAY_SANITIZE)
  set(sanitizer_flags -fsanitize=${SLIPWAY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if(SLIPWAY_SANITIZE MATCHES "undefined")
    list(APPEND sanitizer_flags -fno-sanitize=vptr) # libgrpc has no RTTI of ours to check
  endif()
  if(SLIPWAY_SANITIZE MATCHES "thread")
    # Asio's fences are not seen, and need not be: its queues have mutexes.
    list(APPEND sanitizer_flags -Wno-tsan)
    set(SLIPWAY_TEST_SOURCES ${CMAKE_SOURCE_DIR}/tests/race/fail_at_race.cc
      ${CMAKE_SOURCE_DIR}/tests/race/status_references.cc)
  endif()
  add_compile_options(${sanitizer_flags} -O1 -g1)
  add_link_options(${sanitizer_flags})
endif()

# slipway_room(NAME DEPS target...)
function(slipway_room name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz|_bench|/main)\\.cc$")
  if(NOT sources) # a room that has only headers
    add_library(slipway_${name} INTERFACE)
    target_link_libraries(slipway_${name} INTERFACE slipway_options ${ARG_DEPS})
  else()
    add_library(slipway_${name} STATIC ${sources})
    target_link_libraries(slipway_${name} PUBLIC slipway_options ${ARG_DEPS})
  endif()
  if(tests)
    add_executable(${name}_test ${tests} ${SLIPWAY_TEST_SOURCES})
    target_link_libraries(${name}_test PRIVATE slipway_${name} GTest::gmock GTest::gtest_main)
    add_test(NAME ${name}_test COMMAND ${name}_test)
  endif()
  slipway_fuzz(${name})
endfunction()

# slipway_program(NAME DEPS target...): a program whose only source is main.cc of this folder.
function(slipway_program name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/main.cc)
    return()
  endif()
  add_executable(${name} main.cc)
  target_link_libraries(${name} PRIVATE slipway_options ${ARG_DEPS})
endfunction()
