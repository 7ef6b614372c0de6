# Any other card or USB token through OpenSC. NOT TRIED ON HARDWARE: what is here is OpenSC's own way
# of writing to a card (0.23.0), measured with the IsoApplet. What the lines mean: softhsm2.profile.
name = 'opensc'
tried = false
manufacturer = '*'
library = 'OpenSC*'
generation = 'token'
refuses = {}
unreliable = {}
exportable = 'yes'
cannot = {}

# OpenSC reads the card's directory when it starts, and writes it from memory when it adds a key.
exclusive = true
needs = 'pcscd running'
note = 'whether keys can be made at all depends on the driver of the card; many cards are only read. Other programs must not write to the card while cscert runs'
