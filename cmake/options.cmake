# Flags that every target of ours is built with.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(DW REQUIRED IMPORTED_TARGET libdw)
if(SMK_AGENT OR SMK_TESTS)
  pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
endif()

# Frame pointers: a stack that begins inside one of our wrappers is walked through ours first.
add_compile_options(-Wall -Wextra -Wshadow -Wpointer-arith -fno-omit-frame-pointer
                    -Wno-missing-field-initializers # what is left out is zero, on purpose
                    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
                    $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>)
if(SMK_WERROR)
  add_compile_options(-Werror)
endif()
if(SMK_DEBUG)
  add_compile_definitions(SMK_DEBUG)
endif()
if(SMK_SANITIZE)
  add_compile_options(-fsanitize=${SMK_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SMK_SANITIZE})
endif()

# One module of lib/: an object library of all its files, so that the libraries below pick what they
# are made of and nothing is compiled twice.
function(smk_module name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.c)
  if(NOT sources) # a module that has no file yet
    set(sources ${CMAKE_CURRENT_BINARY_DIR}/${name}_empty.c)
    file(CONFIGURE OUTPUT ${sources} CONTENT "typedef int smk_${name}_has_no_file_yet;\n")
  endif()
  add_library(smk_${name} OBJECT ${sources})
  target_include_directories(smk_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}
                                                ${CMAKE_CURRENT_SOURCE_DIR}/include)
endfunction()
