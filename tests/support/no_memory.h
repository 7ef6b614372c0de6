/* For programs that ask for memory that cannot be there: a sanitizer then answers NULL as malloc
 * does, and does not end the program. Included once a program. */
#ifndef CS_TESTS_SUPPORT_NO_MEMORY_H
#define CS_TESTS_SUPPORT_NO_MEMORY_H

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

#endif
