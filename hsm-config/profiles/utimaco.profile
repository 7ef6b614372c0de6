# Utimaco u.trust and CryptoServer through libcs_pkcs11_R3.so (R2 for CP5). NOT TRIED ON HARDWARE:
# from integrators' documentation. What the lines mean: softhsm2.profile.
# Confirmed: manufacturer "Utimaco IS GmbH" and model "CryptoServer" by what `pkcs11-tool --list-slots`
#   printed for others with libcs_pkcs11_R3.so.
name = 'utimaco'
tried = false
manufacturer = 'Utimaco*'
generation = 'token'
refuses = {}
unreliable = {}
exportable = 'yes'
cannot = {}
needs = 'a slot with SO and user PIN (p11tool2), and cs_pkcs11_R3.cfg (CS_PKCS11_R3_CFG) with the device; its Timeout should be shorter than the limits of cscert.conf'
note = 'CP5 lets no private key out'
