"""ELF files: what they need, where they look for it, and what a debugger reads of them."""

from relforge.elf.reader import GLIBC, MAGIC, Elf, floor, is_elf, newer, number, read

__all__ = ["GLIBC", "MAGIC", "Elf", "floor", "is_elf", "newer", "number", "read"]
