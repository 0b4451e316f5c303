# Which libevent is safe to serve HTTP with. Before 2.1.13 evhttp reads a request with both Content-Length
# and Transfer-Encoding as two, writes header values with line ends in them, and more; Debian 12 has the
# corrections in 2.1.12-stable-8+deb12u1, later releases of Debian in updates of theirs.

# smk_libevent_is_fixed(<result> <version> <version of Debian's package, or "">)
function(smk_libevent_is_fixed result version package)
  set(fixed FALSE)
  string(REGEX MATCH "^[0-9]+\\.[0-9]+\\.[0-9]+" number "${version}")
  if(number AND number VERSION_GREATER_EQUAL 2.1.13)
    set(fixed TRUE)
  elseif(number VERSION_EQUAL 2.1.12 AND package MATCHES "^2\\.1\\.12-stable-([0-9]+)\\+deb([0-9]+)u[0-9]+$")
    if(CMAKE_MATCH_1 GREATER_EQUAL 8 AND CMAKE_MATCH_2 GREATER_EQUAL 12)
      set(fixed TRUE)
    endif()
  endif()
  set(${result} ${fixed} PARENT_SCOPE)
endfunction()

function(smk_require_fixed_libevent version)
  set(package "")
  find_program(SMK_DPKG_QUERY dpkg-query)
  mark_as_advanced(SMK_DPKG_QUERY)
  if(SMK_DPKG_QUERY)
    execute_process(COMMAND ${SMK_DPKG_QUERY} -W -f=\${Version} libevent-dev
                    OUTPUT_VARIABLE package ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  endif()
  smk_libevent_is_fixed(fixed "${version}" "${package}")
  if(fixed)
    return()
  endif()
  set(what "libevent ${version} (package: '${package}') has known faults in its HTTP server: allowed are "
           "2.1.13 and later, and Debian's 2.1.12-stable-8+deb12u1 and later")
  string(CONCAT what ${what})
  if(SMK_LIBEVENT_UNCHECKED)
    message(WARNING "${what}; taken, since SMK_LIBEVENT_UNCHECKED is on")
  else()
    message(FATAL_ERROR "${what}. apt upgrade libevent-dev; or, with the corrections in a libevent of your own, "
                        "-DSMK_LIBEVENT_UNCHECKED=ON")
  endif()
endfunction()
