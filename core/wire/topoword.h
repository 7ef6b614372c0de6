/* The words of a topology's JSON for what the model counts; private to wire/. They are kept in the
 * store: a word never changes its meaning. */
#ifndef CS_WIRE_TOPOWORD_H
#define CS_WIRE_TOPOWORD_H

/* Of the form; 2 when a member changes its meaning. */
#define CS_TOPOJSON_VERSION 1

/* A word and its bit, or its number; a table ends with a word NULL. */
struct cs_topoword {
    const char *word;
    unsigned value;
};

extern const struct cs_topoword cs_topoword_services[];   /* bits: enum cs_topo_service */
extern const struct cs_topoword cs_topoword_web[];        /* bits: enum cs_topo_web_component */
extern const struct cs_topoword cs_topoword_components[]; /* enum cs_url_component */

/* The entry of @word, or NULL. */
const struct cs_topoword *cs_topoword_find(const struct cs_topoword *table, const char *word);

#endif
