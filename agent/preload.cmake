# libstallmark-preload.so: the object to preload. It brings what it needs with it, from static archives and
# unseen, so that it never meets the program's own libevent or zstd, nor asks for one.
function(smk_archives out)
  set(archives "")
  foreach(name IN LISTS ARGN)
    find_library(SMK_ARCHIVE_${name} NAMES lib${name}.a REQUIRED)
    list(APPEND archives ${SMK_ARCHIVE_${name}})
  endforeach()
  set(${out} ${archives} PARENT_SCOPE)
endfunction()

# smk_preload_library(MODULES <object libraries…> ARCHIVES <names…>)
function(smk_preload_library)
  cmake_parse_arguments(ARG "" "" "MODULES;ARCHIVES;DEFINITIONS" ${ARGN})
  set(objects "")
  foreach(module IN LISTS ARG_MODULES)
    list(APPEND objects $<TARGET_OBJECTS:${module}>)
  endforeach()
  smk_archives(archives ${ARG_ARCHIVES})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/preload*.c)
  add_library(smk_preload SHARED ${sources} ${objects})
  target_include_directories(smk_preload PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/lib
                                                 ${PROJECT_SOURCE_DIR}/lib/include)
  target_compile_definitions(smk_preload PRIVATE ${ARG_DEFINITIONS})
  target_link_libraries(smk_preload PRIVATE ${archives} Threads::Threads ${CMAKE_DL_LIBS})
  set(script ${CMAKE_CURRENT_SOURCE_DIR}/preload.map)
  target_link_options(smk_preload PRIVATE -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now -Wl,-z,defs
                                          -Wl,--exclude-libs,ALL -Wl,--version-script=${script})
  set_target_properties(smk_preload PROPERTIES OUTPUT_NAME stallmark-preload LINK_DEPENDS ${script}
                                               LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
  install(TARGETS smk_preload LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

# A sanitizer's runtime and a preload do not go together.
if(NOT SMK_SANITIZE)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/agent.c)
    smk_preload_library(MODULES smk_base smk_format smk_core smk_source smk_read smk_analysis smk_export
                                smk_agent_objects
                        ARCHIVES event event_pthreads zstd DEFINITIONS SMK_PRELOAD_AGENT)
  else()
    smk_preload_library(MODULES smk_base smk_format smk_core smk_source ARCHIVES zstd)
  endif()
endif()
