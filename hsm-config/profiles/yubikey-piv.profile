# YubiKey's PIV application through libykcs11.so. NOT TRIED ON HARDWARE: from Yubico's "PIV YKCS11
# Module". What the lines mean: softhsm2.profile.
# Confirmed: manufacturer "Yubico (www.yubico.com)" by the module's source (yubico-piv-tool), model
#   "YubiKey YK5" by what `pkcs11-tool --list-token-slots` printed for others.
name = 'yubikey-piv'
tried = false
manufacturer = 'Yubico*'
model = 'YubiKey*'
generation = 'token'
refuses = {}
unreliable = {}
exportable = 'no'

# cscert is a user of the token, never its security officer, and gives each key a CKA_ID of its own.
cannot = {
    'RSA-1024: the module makes keys for the security officer only, in slots with fixed CKA_IDs',
    'RSA-2048: the module makes keys for the security officer only, in slots with fixed CKA_IDs',
    'RSA-3072: the module makes keys for the security officer only, in slots with fixed CKA_IDs',
    'RSA-4096: the module makes keys for the security officer only, in slots with fixed CKA_IDs',
    'ECDH_P256: the module makes keys for the security officer only, in slots with fixed CKA_IDs',
    'ECDH_P384: the module makes keys for the security officer only, in slots with fixed CKA_IDs',
    'ECDH_P521: PIV has no such key'
}
needs = 'pcscd running'
note = 'make the key and the request with yubico-piv-tool (-a generate, -a request-certificate). Locks after three wrong PINs'
