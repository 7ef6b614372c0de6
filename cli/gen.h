/* cscert-gen: what is made of the option table when the project is built. */
#ifndef CS_CLI_GEN_H
#define CS_CLI_GEN_H

/* Each prints its file to standard output. */
void cs_gen_options(void); /* mdoc: the OPTIONS section's lists */
void cs_gen_verbs(void);   /* mdoc: the list of verbs */
void cs_gen_bash(void);
void cs_gen_zsh(void);
void cs_gen_fish(void);

#endif
