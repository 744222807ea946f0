"""What a client gets who has not this program: one page that loads nothing and runs nothing."""

from email.message import EmailMessage
from pathlib import Path

import pytest
from PIL import Image

from tests.cli import shapes
from tests.cli.shapes import shown
from tests.office import Office
from tests.people import Colleague, apply_policy, waiting
from tests.shapes import failed


def test_the_page_shows_what_waits_with_pictures_alt_texts_and_codes(
    office: Office, jonas: Colleague, tmp_path: Path
) -> None:
    """Everything is in the page, and everything is escaped."""
    apply_policy(office, "[defaults]\napprovals = 1\n")
    picture = tmp_path / "picture.png"
    Image.new("RGB", (32, 32), "red").save(picture)
    hostile = "<script>alert(1)</script> & more"
    words = ("--to", "x:@acme", "--confirm", "x:@acme", "--grace", "0", "--json")
    done = jonas.cli("post", hostile, "--media", str(picture), "--alt", 'a "red" square', *words)
    delivery = done.deliveries[0]
    out = tmp_path / "review.html"
    told = shown(
        office.cli("review", "export", "x:@acme", "--html", "--out", str(out), "--json"), shapes.ReviewExported
    )
    page = out.read_text(encoding="utf-8")
    assert told.deliveries[0].code == f"{delivery['id']}-{delivery['fingerprint'][:8]}"
    assert told.deliveries[0].code in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert 'alt="a &quot;red&quot; square"' in page
    assert 'src="data:image/' in page
    assert "default-src 'none'" in page


def test_only_what_waits_on_the_named_accounts_is_shown(office: Office, jonas: Colleague) -> None:
    """Another client's posts are nobody else's business."""
    apply_policy(office, "[defaults]\napprovals = 1\n")
    waiting(jonas, "For Acme alone")
    waiting(office, "For Globex alone", "x:@globex")
    page = office.cli("review", "export", "x:@globex", "--html").stdout
    assert "For Globex alone" in page
    assert "For Acme alone" not in page


@pytest.mark.parametrize("form", ["plain", "an encoded mail"])
def test_an_answer_about_another_version_is_no_evidence(
    office: Office, jonas: Colleague, tmp_path: Path, form: str
) -> None:
    """The client said yes to what stood there before: that is not what would go out."""
    apply_policy(office, "[defaults]\napprovals = 1\n")
    delivery = waiting(jonas, "The first version")

    def answered() -> Path:
        out = tmp_path / f"{len(list(tmp_path.iterdir()))}.html"
        exported = office.cli("review", "export", "x:@acme", "--html", "--out", str(out), "--json")
        said = f"Yes to {shown(exported, shapes.ReviewExported).deliveries[0].code}, thank you."
        if form != "plain":
            letter = EmailMessage()
            letter.set_content(said, cte="base64")
            said = letter.as_string()
        mail = out.with_suffix(".eml")
        mail.write_text(said, encoding="utf-8")
        return mail

    old = answered()
    edited = jonas.cli("queue", "edit", delivery, "The second version", "--confirm", "x:@acme", "--json")
    assert edited.code == 11
    delivery = edited.deliveries[0]["id"]
    new = answered()
    words = ("approve", delivery, "--on-behalf", "Client", "--json", "--evidence")
    error = failed(office.cli(*words, str(old)), 2, "other_version")
    assert delivery in error.message
    done = office.cli(*words, str(new))
    assert [one["decision"] for one in done.document["approval"]["words"]] == ["attested"]
