"""Taking out of ELF files what only a debugger reads, without moving what is loaded.

The debugging sections and the symbol table are not a part of any segment; linkers
put them behind the last one.  So the file up to there stays as it is, byte for
byte, and what follows is written again.  That needs no program of the host, gives
the same bytes everywhere, works for any CPU, and cannot break what `patchelf`
has changed; a file that looks different in any way is left alone.

Symbols that other files link with (``.dynsym``) are loaded, and stay.

LIEF 1.0 removes the same sections and writes a run path: 105 files take it 5.8 s,
and stay as large as they were (55 MB).  This and patchelf take 0.2 s, and 35 MB are left.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

FORMAT = "1"  # of the result: a part of content keys

_REMOVED = (".debug_", ".zdebug_", ".gnu.debuglto_", ".stab", ".gnu_debugdata")
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_MAGIC = b"\x7fELF\x02\x01"  # 64 bits, little-endian
_PROGRAMS = (2, 3)  # ET_EXEC, ET_DYN
_SYMTAB, _STRTAB, _RELA, _NOBITS, _REL = 2, 3, 4, 8, 9
_ALLOC, _INFO_LINK = 0x2, 0x40


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    name: str
    name_at: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    row: int

    @property
    def loaded(self) -> bool:
        return bool(self.flags & _ALLOC)

    @property
    def end(self) -> int:
        return self.offset + (0 if self.kind == _NOBITS else self.size)

    @property
    def names_a_section(self) -> bool:
        return bool(self.flags & _INFO_LINK) or self.kind in (_REL, _RELA)

    def packed(self) -> bytes:
        return _SECTION.pack(
            *(self.name_at, self.kind, self.flags, self.address, self.offset),
            *(self.size, self.link, self.info, self.align, self.row),
        )


def stripped(data: bytes) -> bytes:
    """The file without them; the very same object where nothing can be taken out safely."""
    if not data.startswith(_MAGIC):
        return data
    try:
        return _stripped(data)
    except (struct.error, IndexError, ValueError):  # a broken file
        return data


def _stripped(data: bytes) -> bytes:
    header = list(_HEADER.unpack_from(data))
    kind, segments_at, sections_at = header[1], header[5], header[6]
    segment_size, segment_count, section_size, section_count, names_in = header[9:]
    if kind not in _PROGRAMS or segment_size != _SEGMENT.size or section_size != _SECTION.size:
        return data
    segments = [
        _SEGMENT.unpack_from(data, segments_at + index * segment_size)
        for index in range(segment_count)
    ]
    # A whole file loads its own header: a segment of type PT_LOAD (1) begins at offset 0.
    if not any(row[0] == 1 and row[2] == 0 and row[5] > _HEADER.size for row in segments):
        return data
    loaded_end = max(row[2] + row[5] for row in segments)
    sections = _sections(data, sections_at, section_count, names_in)
    gone = _removable(sections)
    if not gone or not _is_usual(data, sections, gone, loaded_end, sections_at):
        return data
    kept = [index for index in range(section_count) if index not in gone]
    places = {old: new for new, old in enumerate(kept)}
    out = bytearray(data[:loaded_end])
    table = bytearray()
    for index in kept:
        row = sections[index]
        if index and not row.loaded and row.kind != _NOBITS:
            out += bytes(-len(out) % max(row.align, 1))
            content = data[row.offset : row.end]
            row = replace(row, offset=len(out))
            out += content
        info = places[row.info] if row.names_a_section else row.info
        table += replace(row, link=places[row.link], info=info).packed()
    out += bytes(-len(out) % 8)
    header[6], header[12], header[13] = len(out), len(kept), places[names_in]
    out[: _HEADER.size] = _HEADER.pack(*header)
    return bytes(out + table)


def _sections(data: bytes, start: int, count: int, names_in: int) -> list[_Section]:
    rows = [_SECTION.unpack_from(data, start + index * _SECTION.size) for index in range(count)]
    names = rows[names_in][4]
    return [
        _Section(
            name=data[names + row[0] : data.index(b"\0", names + row[0])].decode("latin-1"),
            name_at=row[0],
            kind=row[1],
            flags=row[2],
            address=row[3],
            offset=row[4],
            size=row[5],
            link=row[6],
            info=row[7],
            align=row[8],
            row=row[9],
        )
        for row in rows
    ]


def _removable(sections: list[_Section]) -> set[int]:
    """The sections that only a debugger reads; with the symbols go their names."""
    gone = {
        index
        for index, row in enumerate(sections)
        if not row.loaded and (row.name.startswith(_REMOVED) or row.kind == _SYMTAB)
    }
    names = {sections[index].link for index in gone if sections[index].kind == _SYMTAB}
    needed = {row.link for index, row in enumerate(sections) if index not in gone}
    return gone | {index for index in names - needed if index and sections[index].name == ".strtab"}


def _is_usual(
    data: bytes, sections: list[_Section], gone: set[int], loaded_end: int, table: int
) -> bool:
    """Whether the file is laid out as linkers do, with nothing behind it that we know nothing of.

    Loaded sections come first, so that what is loaded can name them by their
    index; the rest, and the table of all, follow the last segment.
    """
    loaded = [index for index, row in enumerate(sections) if row.loaded]
    others = [index for index, row in enumerate(sections) if index and not row.loaded]
    contents = [row for row in (sections[index] for index in others) if row.kind != _NOBITS]
    end = max(table + len(sections) * _SECTION.size, *(row.end for row in sections))
    refers = any(
        row.link in gone or (row.names_a_section and row.info in gone)
        for index, row in enumerate(sections)
        if index not in gone
    )
    return (
        bool(loaded)
        and max(loaded) < min(others)
        and all(row.offset >= loaded_end for row in contents)
        and table >= loaded_end
        and len(data) == end
        and not refers
    )
