/* HTML from values that nobody vouches for: everything that is not our own mark-up passes
 * cs_html_text(). All functions append to a bounded buffer, which is checked once at the end. */
#ifndef CS_REPORT_HTML_H
#define CS_REPORT_HTML_H

#include "base/bytes.h"
#include "base/err.h"

#include <stdint.h>

/* Text for element content and for quoted attribute values. The five characters of mark-up become
 * references; line ends and tabs stay; other control characters, what is no UTF-8 and the
 * characters that turn the direction of writing or hide in it become visible (\x1b, \u202e). NULL
 * is nothing. */
void cs_html_text(struct cs_buf *buf, const char *text);

/* What cs_html_text() shows, as one line: for text that must be measured before it is drawn. The
 * caller frees. */
char *cs_html_visible(const char *text);

/* As cs_html_text(), with a place to break the line after each dot. */
void cs_html_dotted(struct cs_buf *buf, const char *text);

/* From the document type to </head>. The policy of the page allows its style sheet, by the digest,
 * and nothing else. @css: its parts up to a closing NULL. CS_E_INTERNAL if libcrypto fails. */
CS_MUST_CHECK cs_rc cs_html_page_open(struct cs_buf *buf, const char *title, const char *const *css,
                                      struct cs_err *err);

/* <tag>text</tag>; nothing for NULL or "". */
void cs_html_element(struct cs_buf *buf, const char *tag, const char *text);

/* <table class=...> with its caption and, unless @columns is NULL, a head of those column names (up
 * to a closing NULL). @class is one of our own: "facts", "list". */
void cs_html_table_open(struct cs_buf *buf, const char *class, const char *caption,
                        const char *const *columns);
void cs_html_table_close(struct cs_buf *buf);

/* A row with a heading and one value; no row for NULL or "". */
void cs_html_row(struct cs_buf *buf, const char *heading, const char *value);

/* The same with the value set as code: URIs, digests, numbers. */
void cs_html_row_code(struct cs_buf *buf, const char *heading, const char *value);

/* The same for a time in seconds since 1970, in UTC; no row for 0. */
void cs_html_row_time(struct cs_buf *buf, const char *heading, int64_t seconds);

/* <time>, e.g. "2026-11-22 12:21:30 UTC". */
void cs_html_time(struct cs_buf *buf, int64_t seconds);

/* A text that opens on request: PEM. */
void cs_html_details(struct cs_buf *buf, const char *summary, const char *text);

#endif
