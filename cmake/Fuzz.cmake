# slipway_fuzz(ROOM): a program fuzz_NAME for each NAME_fuzz.cc of the room, and a test that runs it
# over tests/corpus/NAME. They share the main program tests/fuzz/fuzz_main.cc; scripts/fuzz runs them
# for longer. The target `fuzz` builds them all.
add_library(slipway_fuzz_main STATIC EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_main.cc)
target_link_libraries(slipway_fuzz_main PRIVATE slipway_options)
add_custom_target(fuzz)

function(slipway_fuzz room)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_fuzz.cc)
  string(TOUPPER ${room} room_upper)
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" name ${name})
    add_executable(fuzz_${name} ${source})
    target_compile_definitions(fuzz_${name} PRIVATE
      SLIPWAY_${room_upper}_TESTDATA="${CMAKE_CURRENT_SOURCE_DIR}/testdata")
    target_link_libraries(fuzz_${name} PRIVATE slipway_${room} GTest::gtest slipway_fuzz_main)
    add_dependencies(fuzz fuzz_${name})
    add_test(NAME fuzz_${name} COMMAND fuzz_${name} ${CMAKE_SOURCE_DIR}/tests/corpus/${name})
  endforeach()
endfunction()
