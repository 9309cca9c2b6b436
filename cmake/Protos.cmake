# Found before the library's header of the same name.
if(SLIPWAY_SANITIZE MATCHES "thread")
  configure_file(${CMAKE_SOURCE_DIR}/cmake/tsan/map_field.h
    ${CMAKE_BINARY_DIR}/generated/google/protobuf/map_field.h COPYONLY)
endif()

# slipway_proto(TARGET FILES file... DEPS target...): messages of the named .proto files, which are
# relative to proto/. No gRPC stubs: services are reached by name through the Dispatcher.
function(slipway_proto target)
  cmake_parse_arguments(ARG "" "" "FILES;DEPS" ${ARGN})
  set(root ${CMAKE_SOURCE_DIR}/proto)
  set(out ${CMAKE_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${out})
  set(sources)
  foreach(file ${ARG_FILES})
    string(REGEX REPLACE "\\.proto$" "" stem ${file})
    add_custom_command(
      OUTPUT ${out}/${stem}.pb.cc ${out}/${stem}.pb.h
      COMMAND protobuf::protoc -I${root} --cpp_out=${out} ${root}/${file}
      DEPENDS ${root}/${file}
      COMMENT "Generating ${stem}.pb.cc" VERBATIM)
    list(APPEND sources ${out}/${stem}.pb.cc)
  endforeach()
  # Linked whole: descriptors register themselves at start, and a linker that sees no reference into
  # an archive member would drop it.
  add_library(${target}_static STATIC ${sources})
  target_include_directories(${target}_static SYSTEM PUBLIC ${out})
  target_compile_options(${target}_static PRIVATE -w)
  target_link_libraries(${target}_static PUBLIC protobuf::libprotobuf ${ARG_DEPS})
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE $<LINK_LIBRARY:WHOLE_ARCHIVE,${target}_static>)
  target_include_directories(${target} SYSTEM INTERFACE ${out})
  # Who compiles against the headers waits until they are generated.
  add_dependencies(${target} ${target}_static)
endfunction()
