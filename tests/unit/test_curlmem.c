/* A password that libcurl had is nowhere in its memory any more once it is done. */
#include "net/curlmem.h"

#include "support/check_run.h"

#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The part that is looked for: malloc itself overwrites the first octets of what is freed, and a
 * text that grows has left its end nowhere. */
#define PART     20
#define PART_LEN 32

/* How often that part of @text stands in this process's heap; it grows and never moves. */
static unsigned count_in_heap(const char *text)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    unsigned count = 0;

    ck_assert_ptr_nonnull(maps);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from = 0;
        unsigned long to = 0;
        if (strstr(line, "[heap]") && sscanf(line, "%lx-%lx", &from, &to) == 2) {
            const char *at = (const char *)from;
            while ((at = memmem(at, to - (uintptr_t)at, text + PART, PART_LEN))) {
                count++;
                at++;
            }
        }
    }
    fclose(maps);
    return count;
}

/* Never in the heap but where libcurl puts it; nothing of it need be escaped. */
static void make_password(char *text, size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    for (size_t i = 0; i + 1 < size; i++) {
        text[i] = letters[i * 7 % (sizeof letters - 1)];
    }
    text[size - 1] = 0;
}

START_TEST(test_password)
{
    struct cs_err err = {0};
    char password[80];

    make_password(password, sizeof password);
    assert_ok(cs_curlmem_setup(&err), &err);
    assert_ok(cs_curlmem_setup(&err), &err); /* as every handle does */
    CURL *easy = curl_easy_init();
    ck_assert_ptr_nonnull(easy);
    ck_assert_uint_eq(count_in_heap(password), 0);
    ck_assert_int_eq(curl_easy_setopt(easy, CURLOPT_PASSWORD, password), CURLE_OK);
#ifndef CS_SANITIZED /* whose memory is elsewhere */
    ck_assert_uint_eq(count_in_heap(password), 1);
#endif
    curl_easy_cleanup(easy);
    ck_assert_uint_eq(count_in_heap(password), 0);
}
END_TEST

/* What grows keeps what it holds, and leaves nothing where it was. */
START_TEST(test_moved)
{
    struct cs_err err = {0};
    char password[80];

    make_password(password, sizeof password);
    assert_ok(cs_curlmem_setup(&err), &err);
    CURL *easy = curl_easy_init();
    ck_assert_ptr_nonnull(easy);
    char *escaped = curl_easy_escape(easy, password, sizeof password - 1);
    ck_assert_ptr_nonnull(escaped);
    int len = 0;
    char *plain = curl_easy_unescape(easy, escaped, 0, &len);
    ck_assert_int_eq(len, sizeof password - 1);
    ck_assert_str_eq(plain, password);
    curl_free(escaped);
    curl_free(plain);
    curl_easy_cleanup(easy);
    ck_assert_uint_eq(count_in_heap(password), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("curlmem");
    TCase *tcase = tcase_create("curlmem");

    tcase_add_test(tcase, test_password);
    tcase_add_test(tcase, test_moved);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
