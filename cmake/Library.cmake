# cs_add_library(NAME SOURCES file... LINKS target... [PRIVATE_LINKS target...])
# One static library for the folder that calls it. Includes are written with the folder ("base/err.h"):
# the include root is core/ for what stands in core/, the top for pkcs11/ and cli/.
function(cs_add_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS;PRIVATE_LINKS")
    add_library(${name} STATIC ${arg_SOURCES})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/core)
    target_link_libraries(${name} PUBLIC ${arg_LINKS} PRIVATE cs_flags ${arg_PRIVATE_LINKS})
endfunction()

# cs_find_small_library(PREFIX MODULE VERSION [LIBRARY...]): PkgConfig::PREFIX, from pkg-config's MODULE. Its archive is
# linked if there is one: loading these three at every start costs as much CPU as a signature
# (docs/decisions/0009-small-libraries-are-linked-in.md). LIBRARY: what the archive needs.
function(cs_find_small_library prefix module version)
    pkg_check_modules(${prefix} REQUIRED IMPORTED_TARGET GLOBAL ${module}>=${version})
    string(REGEX REPLACE "^lib" "" name ${module})
    find_library(${prefix}_ARCHIVE lib${name}.a HINTS ${${prefix}_LIBRARY_DIRS})
    if(${prefix}_ARCHIVE AND NOT CS_SHARED_LIBRARIES)
        set_target_properties(PkgConfig::${prefix} PROPERTIES INTERFACE_LINK_LIBRARIES
                              "${${prefix}_ARCHIVE};${ARGN}")
    endif()
endfunction()
