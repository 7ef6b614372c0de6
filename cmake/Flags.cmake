# One INTERFACE target carries every flag; nothing in the project sets flags for a directory.
add_library(cs_flags INTERFACE)
target_compile_features(cs_flags INTERFACE c_std_17)
target_compile_definitions(cs_flags INTERFACE _GNU_SOURCE CS_VERSION="${PROJECT_VERSION}")
target_compile_options(cs_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wcast-qual -Wstrict-prototypes
    -Wmissing-prototypes -Wvla -Wformat=2 -Wundef
    -fstack-protector-strong -fPIE)
target_link_options(cs_flags INTERFACE -pie -Wl,-z,relro,-z,now -Wl,--as-needed)

option(CS_WERROR "Warnings are errors" OFF)
if(CS_WERROR)
    target_compile_options(cs_flags INTERFACE -Werror)
endif()

option(CS_ANALYZE "Run gcc's -fanalyzer" OFF)
if(CS_ANALYZE AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(cs_flags INTERFACE -fanalyzer)
endif()

# _FORTIFY_SOURCE needs the optimiser, and a sanitizer has its own, better checks.
if(CMAKE_BUILD_TYPE MATCHES "Rel" AND NOT CS_SANITIZE)
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        target_compile_options(cs_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
    else()
        target_compile_options(cs_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    endif()
endif()

# What a released program leaves to the kernel when it ends; sanitizers and coverage write their
# findings when exit() tidies up.
if(CMAKE_BUILD_TYPE MATCHES "Rel" AND NOT CS_SANITIZE AND NOT CS_COVERAGE)
    target_compile_definitions(cs_flags INTERFACE CS_QUICK_END)
endif()

if(CS_SANITIZE)
    target_compile_options(cs_flags INTERFACE -fsanitize=${CS_SANITIZE} -fno-omit-frame-pointer
                           -fno-sanitize-recover=all)
    target_link_options(cs_flags INTERFACE -fsanitize=${CS_SANITIZE})
    target_compile_definitions(cs_flags INTERFACE CS_SANITIZED)
endif()

# The libraries tell libFuzzer where an input got to; tests/CMakeLists.txt links its driver.
if(CS_FUZZ)
    target_compile_options(cs_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(CS_COVERAGE)
    target_compile_options(cs_flags INTERFACE --coverage)
    target_link_options(cs_flags INTERFACE --coverage)
endif()
