# Thales Luna 7 (also as SafeNet Luna). NOT TRIED ON HARDWARE: from the vendor's and integrators'
# documentation. What the lines mean: softhsm2.profile.
# Confirmed: that CKA_EXTRACTABLE=true is the caller's choice and CKA_NEVER_EXTRACTABLE its opposite, by
#   "Key Attribute Defaults" of the Luna 7 SDK reference. Not confirmed: the names that it shows. A
#   SafeNet eToken has the same manufacturer and is another make.
name = 'luna'
tried = false
manufacturer = '[Ss]afe[Nn]et*'
model = '[LK]*'
generation = 'token'
refuses = {}
unreliable = {}
exportable = 'yes'
cannot = {}
needs = 'an initialised partition, registered for this client; the crypto officer as its user. In FIPS mode: RSAKeyGenMechRemap = 1 in Chrystoki.conf (section Misc), because CKM_RSA_PKCS_KEY_PAIR_GEN is off there'
note = 'whether an exportable key can leave is the policy of the partition (private key wrapping, or cloning); in FIPS mode no RSA-1024. Luna Cloud HSM takes CKA_PRIVATE=true only, of public keys too'
