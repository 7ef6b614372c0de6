# Entrust nShield (also as nCipher, Thales) through libcknfast.so. NOT TRIED ON HARDWARE: from the
# vendor's documentation (nShield PKCS#11). What the lines mean: softhsm2.profile.
# Confirmed: the manufacturer "nCipher Corp. Ltd" and an empty model by what others recorded of
#   C_GetTokenInfo; the security assurance mechanism and that an accelerator slot takes no private
#   objects by the PKCS #11 pages of the Security World documentation 13.6.
name = 'nshield'
tried = false
manufacturer = 'nCipher*'
generation = 'token'
refuses = {}
unreliable = {}
exportable = 'yes'
cannot = {}
needs = 'a security world; an operator card set or a softcard as the token. The security assurance mechanism refuses what it takes for a weakness: CKNFAST_OVERRIDE_SECURITY_ASSURANCES names what to allow'
note = 'the token "accelerator" takes no private objects, so that cscert cannot use it. A program sees the keys that were there when it started, unless CKNFAST_ASSUME_SINGLE_PROCESS=0'
