/* Cleanup by attribute: a variable that owns says so where it is declared. */
#ifndef CS_BASE_CLEANUP_H
#define CS_BASE_CLEANUP_H

/* cs_auto(cs_csr) csr = NULL;  frees with cs_csr_free() when the scope ends. */
#define cs_auto(type) __attribute__((cleanup(type##_auto_))) struct type *

/* Beside a type's declaration, once: what cs_auto() calls. @free_fn accepts NULL. */
#define CS_DEFINE_AUTO(type, free_fn)                                                              \
    static inline void type##_auto_(struct type **object)                                          \
    {                                                                                              \
        free_fn(*object);                                                                          \
    }                                                                                              \
    struct type /* swallows the semicolon */

/* The same for values that own: cs_auto_value(cs_bytes) der = {0}; */
#define cs_auto_value(type) __attribute__((cleanup(type##_done))) struct type

/* cs_autofree char *path = NULL; */
#define cs_autofree __attribute__((cleanup(cs_free_auto_)))
void cs_free_auto_(void *pointer);

/* cs_autoclose int fd = -1;  for descriptors where closing cannot lose data. */
#define cs_autoclose __attribute__((cleanup(cs_close_auto_)))
void cs_close_auto_(int *fd);

/* Moves ownership out of a variable: the value, and NULL is left behind. */
#define cs_steal(pointer)                                                                          \
    __extension__({                                                                                \
        __typeof__(pointer) cs_steal_from_ = (pointer);                                            \
        __typeof__(*cs_steal_from_) cs_steal_value_ = *cs_steal_from_;                             \
        *cs_steal_from_ = NULL;                                                                    \
        cs_steal_value_;                                                                           \
    })

#endif
