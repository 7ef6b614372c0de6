/* gss-ntlmssp 1.2 loads OpenSSL's legacy provider for each MD4 and never frees it: a program whose
 * NTLM is its own includes this once. Its name stands in a stack only when that is walked frame by
 * frame. */
#ifndef CS_TESTS_SUPPORT_NTLM_LEAK_H
#define CS_TESTS_SUPPORT_NTLM_LEAK_H

#ifdef CS_SANITIZED
const char *__asan_default_options(void);
const char *__lsan_default_options(void);
const char *__lsan_default_suppressions(void);

const char *__asan_default_options(void)
{
    return "fast_unwind_on_malloc=0";
}

const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

const char *__lsan_default_suppressions(void)
{
    return "leak:gssntlmssp.so\n";
}
#endif

#endif
