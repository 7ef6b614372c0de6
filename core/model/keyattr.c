#include "model/keyattr.h"

const char *cs_key_attr_name(enum cs_key_attr attr)
{
    static const char *const names[CS_KEY_ATTR_COUNT] = {
#define CS_KEY_ATTR_NAME(word, name) [CS_ATTR_##word] = (name),
        CS_KEY_ATTRS(CS_KEY_ATTR_NAME)
#undef CS_KEY_ATTR_NAME
    };

    return names[attr];
}

const char *cs_answer_text(enum cs_answer answer)
{
    static const char *const texts[] = {"unknown", "false", "true"};

    return texts[answer];
}

const char *cs_generation_name(enum cs_generation generation)
{
    static const char *const names[CS_GEN_COUNT] = {"token", "session-copy"};

    return names[generation];
}
