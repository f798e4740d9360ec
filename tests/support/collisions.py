"""Values that a hash without a key takes for one: XXH3, whose rounds and constants anybody can look up.

Inputs of more than 240 bytes are taken eight words at a time, each with a secret that moves on by one word with each eight. Of a
word, the lower half, with the secret's, is multiplied by the upper half, with the secret's: a word whose lower half is the
secret's own counts nothing there, whatever its upper half is. All that is left of it is added to the neighbour's sum: so two
such words in one column can give each other what they take. Of an input of 17 to 128 bytes, the words are multiplied in
pairs: where one of them is the secret's own, the other one does not count.

SPDX-License-Identifier: Apache-2.0
"""

SECRET = {2: bytes.fromhex("ded46de9839097db"), 9: bytes.fromhex("88d0658b1b532ea3"), 10: bytes.fromhex("71644897a20df94e")}  # its words
DIGITS = b"0123456789abcdefghijklmnopqrstuvwxyz"


def pair(length, before=0):
    """Two values of LENGTH bytes, at least 800, that have one XXH3, of 64 or 128 bits, once they stand behind BEFORE bytes that are
    the same. They differ behind the first 500 bytes, where keys and names are cut."""
    values = []
    for one, other in ((b"AAAA", b"CCCC"), (b"BAAA", b"BCCC")):
        value = bytearray(b"x" * length)
        for row, upper in ((9, one), (10, other)):
            at = 64 * row - before
            value[at:at + 8] = SECRET[row][:4] + upper
        values.append(bytes(value))
    return values


def flood(count, seed=0, before=0, twin=False):
    """COUNT values that have one XXH3-64 with the SEED, where BEFORE bytes and as many as make 32 of all stand around each. The
    TWIN of the same length differs in a byte, by which the pairs count again."""
    word = (int.from_bytes(SECRET[2], "little") + seed + twin) % 2**64
    for number in range(count):
        tail = bytearray()
        for _ in range(6):
            tail.append(DIGITS[number % 36])
            number //= 36
        yield b"a" * (16 - before) + word.to_bytes(8, "little") + bytes(tail)
