# What is installed: the libraries, each as archive and shared object out of the modules' objects.

# smk_library(<target> NAME <stallmark-x> EXPORT_AS <x> MODULES <object libraries…> LIBRARIES <…>)
# makes <target> (shared) and <target>_static and installs both. -z nodelete: threads may be inside our
# functions at any time, so the object never goes away. Programs of this tree that use a library as
# their users do link <target>.
function(smk_library target)
  cmake_parse_arguments(ARG "" "NAME;EXPORT_AS" "MODULES;LIBRARIES" ${ARGN})
  set(objects "")
  foreach(module IN LISTS ARG_MODULES)
    list(APPEND objects $<TARGET_OBJECTS:${module}>)
  endforeach()
  add_library(${target} SHARED ${objects})
  add_library(${target}_static STATIC ${objects})
  foreach(library ${target} ${target}_static)
    target_link_libraries(${library} PRIVATE ${ARG_LIBRARIES} Threads::Threads ${CMAKE_DL_LIBS})
    target_include_directories(
      ${library} INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/lib/include>
                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    set_target_properties(${library} PROPERTIES OUTPUT_NAME ${ARG_NAME} LINKER_LANGUAGE C
                                                LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib
                                                ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
  endforeach()
  # While the version is 0.x every minor release may change the binary interface.
  set_target_properties(${target} PROPERTIES VERSION ${PROJECT_VERSION} EXPORT_NAME ${ARG_EXPORT_AS}
                        SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  set_target_properties(${target}_static PROPERTIES EXPORT_NAME ${ARG_EXPORT_AS}_static)
  target_link_options(${target} PRIVATE -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now)
  if(NOT SMK_SANITIZE)
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
  install(TARGETS ${target} ${target}_static EXPORT stallmark-targets
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  # Out of an archive a linker takes what somebody needs, and nobody calls the constructor.
  if(smk_source IN_LIST ARG_MODULES)
    target_link_options(${target}_static INTERFACE LINKER:-u,smk_life_begin)
  endif()
  set_property(GLOBAL APPEND PROPERTY SMK_LIBRARIES ${ARG_EXPORT_AS})
endfunction()
