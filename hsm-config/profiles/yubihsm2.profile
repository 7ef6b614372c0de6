# YubiHSM 2 through yubihsm_pkcs11.so. NOT TRIED ON HARDWARE: from Yubico's user guide ("PKCS#11 with
# YubiHSM 2"). What the lines mean: softhsm2.profile.
# Confirmed: manufacturer, library and PIN lengths (12 to 68) by the module's source (yubihsm-shell).
name = 'yubihsm2'
tried = false
manufacturer = 'Yubico*'
model = 'YubiHSM*'
generation = 'token'
refuses = {}
unreliable = {}

# A key leaves it only under its own wrap (AES-CCM), which nothing else opens: no PFX comes of it.
exportable = 'no'
cannot = { 'RSA-1024: its RSA keys have 2048, 3072 or 4096 bits' }
needs = 'yubihsm-connector and YUBIHSM_PKCS11_CONF, or x-init-reserved: connector=... in the p11-kit module file; module 2.4 or later, which keeps a CKA_ID longer than two octets'
note = 'the PIN is four hexadecimal digits, the number of the authentication key, and its password, together. Both halves of a pair are one object: who destroys one has destroyed both'
