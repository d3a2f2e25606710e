"""A small writer of PDF files."""

from __future__ import annotations

import zlib
from collections.abc import Sequence


def pdf(pages: Sequence[str | None], *, outline: dict[str, int] | None = None) -> bytes:
    """A PDF of these pages, one line of text a line; None for a page that is a picture. `outline`: title to page."""
    objects: list[bytes] = [b"", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]

    def add(body: bytes) -> int:
        objects.append(body)
        return len(objects)

    def stream(head: str, body: bytes) -> bytes:
        return f"<< {head} /Length {len(body)} >>\nstream\n".encode() + body + b"\nendstream"

    picture = add(
        stream(
            "/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 "
            "/Filter /FlateDecode",
            zlib.compress(b"\0"),
        )
    )
    kids = []
    for text in pages:
        lines = [] if text is None else text.split("\n")
        shown = " T* ".join(f"({line.translate({40: '[', 41: ']', 92: '/'})}) Tj" for line in lines)
        body = "q 500 0 0 700 0 0 cm /P Do Q" if text is None else f"BT /F 11 Tf 14 TL 40 780 Td {shown} ET"
        content = add(stream("", body.encode("latin-1")))
        use = f"/XObject << /P {picture} 0 R >>" if text is None else "/Font << /F 3 0 R >>"
        kids.append(
            add(
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << {use} >> "
                f"/Contents {content} 0 R >>".encode()
            )
        )
    catalog = "<< /Type /Catalog /Pages 2 0 R"
    if outline:
        root = len(objects) + 1
        last = root + len(outline)
        add(f"<< /Type /Outlines /First {root + 1} 0 R /Last {last} 0 R /Count {len(outline)} >>".encode())
        for number, (title, page) in enumerate(outline.items(), 1):
            after = f"/Next {root + number + 1} 0 R" if number < len(outline) else ""
            before = f"/Prev {root + number - 1} 0 R" if number > 1 else ""
            add(
                f"<< /Title ({title}) /Parent {root} 0 R {after} {before} /Dest [{kids[page - 1]} 0 R /Fit] >>".encode()
            )
        catalog += f" /Outlines {root} 0 R"
    objects[0] = f"{catalog} >>".encode()
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{k} 0 R' for k in kids)}] >>".encode()
    return write(objects)


def write(objects: Sequence[bytes], trailer: str = "") -> bytes:
    """A PDF file of numbered objects, the first of which is the catalog."""
    found = bytearray(b"%PDF-1.5\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(found))
        found += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(found)
    found += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    found += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    found += f"trailer << /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(found)
