# SoftHSM 2 (measured with 2.6.1 of Debian 12).
#
# A profile says what one make of token does differently. cscert holds all profiles of this folder;
# `token { profile = ... }` in cscert.conf names one more, which goes first. Without a profile a
# token counts as "generic": the pair is generated on the token itself, every attribute is set, and
# what reads back must be what was asked for.

name = 'softhsm2'

# Patterns of fnmatch(3) on what the token says of itself (C_GetTokenInfo). No model: any.
manufacturer = 'SoftHSM project'

# library = 'TPM2*': a pattern on what the module says of itself (libraryDescription of C_GetInfo),
# for modules that show a token under the name of its chip's maker.

# token          the pair is generated as objects of the token
# session-copy   it is generated in the session, signs there, and is copied to the token when the
#                request stands. SoftHSM writes a token object's file again for each of its
#                attributes: a copy writes a tenth of that, and a run that dies before has left
#                nothing. Copies read back local, always sensitive and never extractable as keys
#                made on the token do.
generation = 'session-copy'

# Optional attributes of the template that the token does not take, e.g. { 'CKA_DECRYPT=false' }.
refuses = {}

# Attributes whose answer is not truthful, e.g. { 'CKA_LOCAL' }: recorded as such, not compared.
unreliable = {}

# What becomes of -PrivateKeyExportable $true: yes, no (refused), ignored (the token makes a key
# that is not exportable and says nothing).
exportable = 'yes'

# Keys that it does not make, or that cannot be used, although its mechanisms promise them; with the
# reason, which the refusal repeats: { 'RSA-4096: why', 'ECDH_P521: why' }.
cannot = {}

# true: one run of cscert at a time has the token, from start to end, also while it waits for a PIN
# or a CA; others wait. For a module that reads the token's directory once, at its start, and later
# writes it anew from memory: what another process has added in between would be lost.
exclusive = false

# What must be there beside the token: a daemon, a group, a configuration.
needs = ''

# false: written from documentation, by nobody who had such a token in hand. cscert says so when it
# opens one, and leaves out optional attributes that the token does not take, as without a profile.
tried = true

note = 'keys are files of the user; for tests and training'
