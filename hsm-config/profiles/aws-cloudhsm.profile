# AWS CloudHSM through libcloudhsm_pkcs11.so (Client SDK 5). NOT TRIED ON HARDWARE: from the vendor's
# user guide. What the lines mean: softhsm2.profile.
name = 'aws-cloudhsm'
tried = false

# Marvell, once Cavium.
manufacturer = '[CM]a[rv][iv]*'
generation = 'token'

# Attributes that the library does not have; of a public key CKA_DERIVE is always false.
refuses = { 'CKA_SIGN_RECOVER', 'CKA_VERIFY_RECOVER' }
unreliable = {}
exportable = 'yes'
cannot = { 'RSA-1024: its RSA keys have 2048 to 4096 bits' }
needs = 'a configured client (configure-pkcs11) that reaches the cluster'
note = 'the PIN is the name of the crypto user, a colon and the password. Client SDK 3 takes no certificates'
