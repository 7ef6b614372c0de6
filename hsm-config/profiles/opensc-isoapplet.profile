# Smart cards with the IsoApplet through OpenSC (measured with 0.23.0 of Debian 12 on a card in
# software). What the lines mean: softhsm2.profile.
name = 'opensc-isoapplet'

# OpenSC's words for what has none of its own; the library tells it from other modules' tokens.
manufacturer = 'unknown'
model = 'PKCS#15'
library = 'OpenSC*'

generation = 'token'

# It adds SIGN_RECOVER to a key that signs, and does not mind what it is told.
refuses = {'CKA_SIGN_RECOVER=false'}

unreliable = {'CKA_LOCAL', 'CKA_SENSITIVE', 'CKA_ALWAYS_SENSITIVE', 'CKA_NEVER_EXTRACTABLE'}
exportable = 'ignored'
cannot = {}

# OpenSC reads the card's directory when it starts, and writes it from memory when it adds a key.
exclusive = true
needs = 'pcscd running; a card that pkcs15-init has prepared'
note = 'RSA-2048 only. Other programs must not write to the card while cscert runs: OpenSC would lose their keys, or ours'
