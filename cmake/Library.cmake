# cs_add_library(NAME SOURCES file... LINKS target... [PRIVATE_LINKS target...])
# One static library for the folder that calls it. Includes are written with the folder ("base/err.h"):
# the include root is core/ for what stands in core/, the top for pkcs11/ and cli/.
function(cs_add_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS;PRIVATE_LINKS")
    add_library(${name} STATIC ${arg_SOURCES})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/core)
    target_link_libraries(${name} PUBLIC ${arg_LINKS} PRIVATE cs_flags ${arg_PRIVATE_LINKS})
endfunction()
