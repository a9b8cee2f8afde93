"""Known answers for PhiloxTest, by an independent implementation (pip install randomgen==2.5.1).

    python philox.py

The first two lines are also vectors of Random123, the library of Philox's authors.
"""
from randomgen import Philox

for counter, key in [
    (0, 0),
    (2**128 - 1, 2**64 - 1),
    (0x0370734413198A2E_85A308D3243F6A88, 0x299F31D0A4093822),
]:
    # randomgen counts up before each block
    generator = Philox(counter=(counter - 1) % 2**128, key=key, number=4, width=32)
    print(f"{counter:032x} {key:016x}:", *(f"{int(word):08x}" for word in generator.random_raw(4)))
