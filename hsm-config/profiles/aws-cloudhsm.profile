# AWS CloudHSM through libcloudhsm_pkcs11.so (Client SDK 5). NOT TRIED ON HARDWARE: from the vendor's
# user guide. What the lines mean: softhsm2.profile.
# Confirmed: the attributes by "Supported key attributes for the PKCS #11 library" of the AWS CloudHSM
#   user guide (CKA_PRIVATE only as true, CKA_DERIVE of a public key only as false, SIGN_RECOVER and
#   VERIFY_RECOVER not there); the maker's name only as that of the HSM in `cluster hsm-info`.
name = 'aws-cloudhsm'
tried = false

# Marvell, once Cavium.
manufacturer = '[CM]a[rv][iv]*'
generation = 'token'

# Of a public key, too, CKA_PRIVATE may only be true.
refuses = { 'CKA_SIGN_RECOVER', 'CKA_VERIFY_RECOVER', 'CKA_PRIVATE=false' }
unreliable = {}
exportable = 'yes'
cannot = { 'RSA-1024: its RSA keys have 2048 to 4096 bits' }
needs = 'a configured client (configure-pkcs11) that reaches the cluster'
note = 'the PIN is the name of the crypto user, a colon and the password. Client SDK 3 takes no certificates'
