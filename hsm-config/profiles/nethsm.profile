# Nitrokey NetHSM through libnethsm_pkcs11.so. NOT TRIED ON HARDWARE: from the module's own
# documentation (its list of features). What the lines mean: softhsm2.profile.
# Confirmed: manufacturer "Nitrokey GmbH" and model "NetHSM", by the token URIs of those who use it.
name = 'nethsm'
tried = false
manufacturer = 'Nitrokey*'
model = 'NetHSM*'
generation = 'token'
refuses = {}
unreliable = {}

# It wraps nothing.
exportable = 'no'
cannot = {}
needs = 'p11nethsm.conf with an operator and an administrator: keys are made, and removed, by an administrator only'
note = 'attributes cannot be changed and objects not copied. A program that unloads the module wants disable_thread_pool in its configuration'
