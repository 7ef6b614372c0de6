# openCryptoki's soft token (measured with 3.8.1 of Debian 12). What the lines mean:
# softhsm2.profile.
name = 'opencryptoki-soft'
manufacturer = 'IBM*'
model = 'IBM SoftTok'
generation = 'token'
refuses = {}
unreliable = {}
exportable = 'yes'
cannot = {}
needs = 'pkcsslotd running; root or a member of the group pkcs11'
note = 'keys are files of the machine; for tests and training. No EC keys (the module has no mechanism for them). PINs of 4 to 8 characters; locks after three wrong ones'
