# needs: pypdf
"""Remembers a PDF and answers from it with page numbers: no key, no server. Takes `memlayer-core[documents]`."""

from pathlib import Path

from memlayer import Memory

PAGES = (
    "Acme handbook. Welcome to the workshop.",
    "Holidays: everybody has 30 days of paid leave a year. Ask Bo two weeks ahead.",
    "Travel: take the train where it needs less than six hours. Keep the receipts.",
    "Machines: the laser cutter must never run alone. The fire blanket hangs beside it.",
)


def pdf(pages: tuple[str, ...]) -> bytes:
    """A PDF file with one line of text on each page."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    fonts = "/Resources << /Font << /F 3 0 R >> >>"
    for number, text in enumerate(pages):
        shown = f"BT /F 10 Tf 40 780 Td ({text}) Tj ET"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {fonts} /Contents {5 + 2 * number} 0 R >>",
            f"<< /Length {len(shown)} >>\nstream\n{shown}\nendstream",
        ]
    body, places = "%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{text}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {size}\n0000000000 65535 f \n{table}{end}".encode()


Path("handbook.pdf").write_bytes(pdf(PAGES))

with Memory("handbook.db") as memory:
    # The second time changes nothing: a document is known by its content.
    for _ in range(2):
        kept = memory.documents.add("handbook.pdf", user_id="alice")["episodes"]
        print(f"handbook.pdf: {len(kept)} pieces kept")

    for question in ("How many days of holiday do I have?", "Is the laser cutter allowed to run alone?"):
        best = memory.search(question, user_id="alice", limit=1)["results"][0]
        print(f"{question}\n  {best['memory']} (page {best['metadata']['document']['page']})")

    # All of it is forgotten as one thing.
    memory.documents.delete("handbook.pdf", user_id="alice")
    print("Still known:", memory.search("holiday", user_id="alice")["results"])
