# slipway_embed(TARGET OUTPUT file.cc HEADER path NAMESPACE name ASSETS constant file [constant file]...)
# makes text files into constants of a source file of the target. `file` is relative to the folder of
# the caller; files of the same constant follow one another.
#
# The same file is the script that the build runs:
#   cmake -DOUTPUT=… -DHEADER=… -DNAMESPACE=… -DASSETS="constant;file;…" -P Embed.cmake
function(slipway_embed target)
  cmake_parse_arguments(ARG "" "OUTPUT;HEADER;NAMESPACE" "ASSETS" ${ARGN})
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${ARG_OUTPUT})
  set(assets)
  set(files)
  set(is_file FALSE)
  foreach(word ${ARG_ASSETS})
    if(is_file)
      get_filename_component(word ${word} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
      list(APPEND files ${word})
      set(is_file FALSE)
    else()
      set(is_file TRUE)
    endif()
    list(APPEND assets ${word})
  endforeach()
  set(script ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DHEADER=${ARG_HEADER}
      -DNAMESPACE=${ARG_NAMESPACE} "-DASSETS=${assets}" -P ${script}
    DEPENDS ${files} ${script}
    COMMENT "Embedding ${ARG_OUTPUT}" VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()

function(slipway_write_embedded)
  set(names)
  set(name)
  foreach(word ${ASSETS})
    if(NOT name)
      set(name ${word})
      continue()
    endif()
    file(READ ${word} text)
    # Longer than any text would have by chance; a raw string needs no other care.
    string(FIND "${text}" ")SLIPWAY_EMBED\"" clash)
    if(NOT clash EQUAL -1)
      message(FATAL_ERROR "${word} contains the end mark of a raw string")
    endif()
    string(APPEND literal_${name} "\n    R\"SLIPWAY_EMBED(${text})SLIPWAY_EMBED\"")
    list(APPEND names ${name})
    set(name)
  endforeach()
  list(REMOVE_DUPLICATES names)
  set(source "// Made by cmake/Embed.cmake.\n#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\n\n")
  foreach(name ${names})
    string(APPEND source "const std::string_view ${name} =${literal_${name}};\n\n")
  endforeach()
  file(WRITE ${OUTPUT} "${source}}  // namespace ${NAMESPACE}\n")
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
  slipway_write_embedded()
endif()
