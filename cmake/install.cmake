# Headers, pkg-config files and the package for find_package(stallmark); the libraries install
# themselves, smk_library().
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/stallmark)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/lib/include/stallmark
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")

# Relative to the .pc file, so that `cmake --install --prefix` may choose another place.
file(RELATIVE_PATH SMK_PC_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" SMK_PC_PREFIX "${SMK_PC_PREFIX}")
function(smk_pkg_config file)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/${file}.in ${PROJECT_BINARY_DIR}/${file} @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${file} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
smk_pkg_config(stallmark.pc)
smk_pkg_config(stallmark-read.pc)

get_property(SMK_LIBRARIES GLOBAL PROPERTY SMK_LIBRARIES)
if(TARGET smk_lib_agent)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/agent/include/stallmark
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
  smk_pkg_config(stallmark-agent.pc)
endif()
if(TARGET stallmark)
  install(TARGETS stallmark stallmark-box DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES ${PROJECT_SOURCE_DIR}/docs/man/stallmark.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${PROJECT_SOURCE_DIR}/tools/cli/completion/stallmark
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()

install(EXPORT stallmark-targets NAMESPACE stallmark:: DESTINATION ${package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/stallmark-config.cmake.in
                              ${PROJECT_BINARY_DIR}/stallmark-config.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/stallmark-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/stallmark-config.cmake
              ${PROJECT_BINARY_DIR}/stallmark-config-version.cmake DESTINATION ${package_dir})
