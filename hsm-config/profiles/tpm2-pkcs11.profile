# tpm2-pkcs11 (measured with 1.9.0 of Debian 12 over swtpm 0.7.1). What the lines mean:
# softhsm2.profile.
name = 'tpm2-pkcs11'

# A token shows the maker of the TPM as its manufacturer.
manufacturer = '*'
library = 'TPM2*'

generation = 'token'

# A TPM key of this module always decrypts, and the module refuses to be told otherwise.
refuses = {'CKA_DECRYPT=false', 'CKA_ENCRYPT=false'}
unreliable = {}
exportable = 'no'
cannot = {'ECDH_P521: the module makes the key and tells its public point in a wrong encoding, and the key does not sign'}
needs = 'the group tss for /dev/tpmrm0, or tpm2-abrmd; a token of the store in TPM2_PKCS11_STORE'
note = 'locks against guessing after few wrong PINs, for all tokens of the TPM, and does not say so before'
