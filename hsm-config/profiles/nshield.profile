# Entrust nShield (also as nCipher, Thales) through libcknfast.so. NOT TRIED ON HARDWARE: from the
# vendor's documentation (nShield PKCS#11). What the lines mean: softhsm2.profile.
name = 'nshield'
tried = false
manufacturer = 'nCipher*'
generation = 'token'
refuses = {}
unreliable = {}
exportable = 'yes'
cannot = {}
needs = 'a security world; an operator card set or a softcard as the token. The security assurance mechanism refuses what it takes for a weakness: CKNFAST_OVERRIDE_SECURITY_ASSURANCES names what to allow'
note = 'the token "accelerator" protects by the module alone and wants no login'
