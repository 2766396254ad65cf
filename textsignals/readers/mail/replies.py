"""What the author of a mail wrote: quotes, forwarded mails, signatures and the footers of lists out, line by line.

Every step looks at one line of limited length at a time, or at the few below it, so that the work is linear.
"""

from __future__ import annotations

import re

# What is looked at of a line: whatever marks a quote or a footer stands at its beginning.
_LINE_CHARS = 400
_QUOTE = re.compile(r"\s{0,4}(?:>|[A-Za-z]{1,4}>(?:[>\s]|$))")
_ESCAPED_FROM = re.compile(r">+From ")

_WROTE = re.compile(
    r"\b(?:wrote|writes|said|schrieb(?:en)?|schreef|a écrit|écrivait|escribió|ha scritto|escreveu|skrev|kirjoitti"
    r"|yazdı|írta|a scris|va escriure|pisze|napisała?|napsala?|писала?|написала?|пишет)\b"
    r"|napisał\(a\)|napsal\(a\)|写道|書きました",
    re.IGNORECASE,
)
_OPENS = re.compile(
    r"(?:on|at|in|am|le|el|il|op|em|den|dne|dnia|w dniu|pe|la|yesterday|quoting|\d{1,4})\b|[*\"'<]|在", re.IGNORECASE
)
_WHEN = re.compile(r"\d{1,2}[:.h]\d\d|(?:19|20)\d\d|\d{1,2}/\d{1,2}")
_ADDRESS = re.compile(r"[\w.+-]{1,64}(?:@| at )[\w-]{1,64}\.")
_ATTRIBUTION_LINES = 3

_FORWARDED = (
    r"forwarded (?:message|mail)|weitergeleitete (?:nachricht|e-?mail)|message transféré|mensaje reenviado"
    r"|messaggio inoltrato|doorgestuurd bericht|mensagem encaminhada|vidarebefordrat meddelande"
    r"|пересылаемое сообщение"
)
_ORIGINAL = (
    r"original (?:message|appointment)|ursprüngliche nachricht|originalnachricht|message d'origine|mensaje original"
    r"|messaggio originale|oorspronkelijk bericht|mensagem original|wiadomość oryginalna|ursprungligt meddelande"
    r"|oprindelig meddelelse|исходное сообщение"
)
_OTHER_MAIL = re.compile(
    rf"(?:[-_=*]{{2,60}}|begin|begin of|anfang der)\s{{0,3}}(?:({_FORWARDED})|{_ORIGINAL})\b", re.IGNORECASE
)
_FROM = re.compile(r"[*_ \t]{0,6}(?:from|von|de|da|van|från|fra|od|от|发件人|差出人)[*_\s]{0,3}[:：]", re.IGNORECASE)
_HEADER = re.compile(
    r"[*_\s]{0,6}(?:sent|date|to|cc|subject|reply-to|importance|gesendet|datum|an|betreff|envoyé|à|objet"
    r"|enviado(?: el)?|fecha|para|asunto|inviato|data|a|oggetto|verzonden|aan|onderwerp|assunto|skickat|till|ämne"
    r"|sendt|til|emne|wysłano|do|temat|отправлено|дата|кому|тема|发送时间|收件人|主题|送信日時|宛先|件名)[*_\s]{0,3}[:：]",
    re.IGNORECASE,
)
_HEADER_LINES = 8
# One look at the whole text spares most mails the steps that are rarely needed.
_MAY_BE_OTHER = re.compile(rf"^[ \t]*{_OTHER_MAIL.pattern}|^{_FROM.pattern}", re.IGNORECASE | re.MULTILINE)

_SCRUBBED = re.compile(r"-{8,} next part -{8,}")
_OF_SCRUBBED = re.compile(r"(?:an? .{1,60} was scrubbed|(?:name|type|size|desc|url)\s{0,3}:)", re.IGNORECASE)
_MAY_BE_SCRUBBED = re.compile(r"^(?:-{8,} next part|-----BEGIN PGP )", re.MULTILINE)
_PGP_BEGINS = "-----BEGIN PGP "
_PGP_ENDS = re.compile(r"-----END PGP (?:SIGNATURE|PUBLIC KEY)")

_SIGNATURE = re.compile(r"--\s?")
_RULE = re.compile(r"[-_=*~]{20,}\s{0,4}")
_OF_LIST = re.compile(
    r"mailing list|unsubscribe|subscription|listinfo|mailman|google groups|support forum|digest|-request@|/lists?/",
    re.IGNORECASE,
)
_LIST_FOOTER = re.compile(
    r"(?:you(?:'re| are)? receiv(?:ed|ing) this (?:message|e-?mail|because)|to unsubscribe|to post to this group"
    r"|this (?:message|e-?mail) was sent to|sie erhalten diese (?:nachricht|e-?mail))\b",
    re.IGNORECASE,
)
# Footers are short: what stands above so many lines is the mail. A mark of a signature that lost its blank, too.
_FOOTER_LINES = 12
_AD_LINES = 6
# Lists, providers and firms put theirs below each other.
_FOOTERS = 4
_DEVICE = re.compile(
    r"(?:sent (?:from|via|with) (?:my |mail |outlook|yahoo|the |a |samsung|proton)|get outlook for"
    r"|von meinem .{1,30} gesendet|gesendet (?:von|mit) |envoyé (?:de|depuis) |enviado (?:desde|do) |inviato da"
    r"|verstuurd vanaf|skickat från|sendt fra|wysłane z|отправлено с)",
    re.IGNORECASE,
)
_DEVICE_CHARS = 80
_REGARDS = re.compile(
    r"(?:(?:(?:best|kind|kindest|warm|many)\s)?(?:regards|wishes)|rgds|sincerely(?: yours)?|yours (?:sincerely|truly)"
    r"|mfg|(?:mit )?(?:freundlichen|besten|herzlichen) grüßen|(?:viele|liebe|beste) grüße|cordialement|bien à vous"
    r"|(?:un )?saludos?(?: cordiales)?|cordiali saluti|met vriendelijke groet(?:en)?|med vänliga? hälsning(?:ar)?)"
    r"[\s,.!-]{0,4}",
    re.IGNORECASE,
)
_REGARDS_LINES = 5
_CONFIDENTIAL = re.compile(
    r"(?:this (?:e-?mail|message|communication|transmission)\b|(?:the )?information (?:contained )?in this"
    r"|confidentiality|disclaimer|diese (?:e-?mail|nachricht)|ce (?:message|courriel)|este (?:mensaje|correo))",
    re.IGNORECASE,
)
_MAY_BE_NOTICE = re.compile(rf"^[ \t*_]*{_CONFIDENTIAL.pattern}", re.IGNORECASE | re.MULTILINE)
_CONFIDENTIAL_WORDS = re.compile(
    r"confidential|intended (?:only |solely )?(?:for|recipient)|privileged|vertraulich|confidentiel", re.IGNORECASE
)

_BULLET = re.compile(r"\s*(?:[-*+•]|\(?\d{1,3}[.)]|[a-z]\))\s")
# Programs wrap at 65 to 78 characters, at a blank before it.
_WRAPPED_CHARS = 55


def own_words(text: str, *, wrapped: bool = True, quotes_gone: bool = False) -> tuple[str, str]:
    """Return what the author wrote and, if there is nothing of it, why: "quote", "forwarded" or "empty".

    `wrapped` says that lines may be broken at a margin; `quotes_gone` that the quotes below "On ... wrote:" are taken
    out already, so that what stands there is the author's.

    >>> own_words("We agree.\\n\\nOn 13 March 2026, Ana <ana@example.org> wrote:\\n> Do we?\\n-- \\nBo")
    ('We agree.', '')
    """
    lines = text.replace("\r\n", "\n").split("\n")
    if _MAY_BE_SCRUBBED.search(text):
        lines = _without_scrubbed(lines)
    lines, other = _above_other_mail(lines) if _MAY_BE_OTHER.search(text) else (lines, "")
    lines, quoted = _without_quotes(lines, quotes_gone)
    if _MAY_BE_NOTICE.search(text):
        lines = _without_confidential(lines)
    for _ in range(_FOOTERS):
        above = _above_footers(lines)
        if len(above) == len(lines):
            break
        lines = above
    own = (
        _joined(lines)
        if wrapped
        else "\n".join(line.strip() for line in lines if line.strip() and not _RULE.fullmatch(line.strip()))
    )
    return own, "" if own else other or ("quote" if quoted or quotes_gone else "empty")


def _without_scrubbed(lines: list[str]) -> list[str]:
    """Take out what archives and signing programs put in: notes on attachments, marks and keys."""
    found = []
    scrubbed = pgp = False
    for line in lines:
        begin = line[:_LINE_CHARS]
        if _SCRUBBED.match(begin):
            scrubbed = True
        elif scrubbed and (not begin.strip() or _OF_SCRUBBED.match(begin)):
            continue
        elif begin.startswith(_PGP_BEGINS):
            pgp = "SIGNED MESSAGE" not in begin
            scrubbed = False
        elif pgp:
            pgp = not _PGP_ENDS.match(begin)
        elif not begin.startswith("Hash: SHA"):
            scrubbed = False
            # A signed text spells dashes at the beginning of a line so.
            found.append(line[2:] if begin.startswith("- --") else line)
    return found


def _above_other_mail(lines: list[str]) -> tuple[list[str], str]:
    """Return the lines above a whole other mail, and "forwarded" or "quote" if there is one.

    Where that mail is quoted with ">", answers may stand in it: then only its header is taken out.
    """
    for i, line in enumerate(lines):
        mark = _OTHER_MAIL.match(line[:_LINE_CHARS].lstrip())
        if not mark and not (_FROM.match(line[:_LINE_CHARS]) and _is_header(lines, i)):
            continue
        below = i + 1
        while below < len(lines) and below <= i + _HEADER_LINES and _is_header_line(lines[below]):
            below += 1
        if below < len(lines) and _QUOTE.match(lines[below][:_LINE_CHARS]):
            return lines[:i] + lines[below:], "quote"
        return lines[:i], "forwarded" if mark and mark[1] else "quote"
    return lines, ""


def _is_header(lines: list[str], at: int) -> bool:
    below = lines[at + 1 : at + _HEADER_LINES]
    return sum(bool(_HEADER.match(line[:_LINE_CHARS])) for line in below) >= 2


def _is_header_line(line: str) -> bool:
    return not line.strip() or bool(_FROM.match(line[:_LINE_CHARS]) or _HEADER.match(line[:_LINE_CHARS]))


def _without_quotes(lines: list[str], quotes_gone: bool) -> tuple[list[str], bool]:
    """Take out quoted lines and the line that says whose they are; whether there were any."""
    own: list[str] = []
    quoted = was_quote = False
    for i, line in enumerate(lines):
        begin = line[:_LINE_CHARS]
        if _QUOTE.match(begin):
            alone = not was_quote and not (i + 1 < len(lines) and lines[i + 1].startswith(">"))
            if alone and _ESCAPED_FROM.match(begin):
                # Mailboxes spell "From" at the beginning of a line so.
                own.append(line.lstrip(">"))
                continue
            if not was_quote:
                _drop_attribution(own)
            quoted = was_quote = True
            continue
        was_quote = was_quote and not begin.strip()
        own.append(line)
    return _above_unmarked(own, quotes_gone) if not quoted else (own, quoted)


def _drop_attribution(own: list[str]) -> None:
    """Drop the last lines if they say who wrote what is quoted next."""
    last = len(own)
    while last and not own[last - 1].strip():
        last -= 1
    span = _attribution(own[max(0, last - _ATTRIBUTION_LINES) : last], strict=False)
    if span:
        del own[last - span :]


def _above_unmarked(lines: list[str], quotes_gone: bool) -> tuple[list[str], bool]:
    """Cut at "On ... wrote:" where no line is marked as a quote; without what stood below it, take out just that."""
    kept: list[str] = []
    found = False
    for line in lines:
        kept.append(line)
        if line.rstrip()[-1:] in (":", "："):
            span = _attribution(kept[-_ATTRIBUTION_LINES:], strict=True)
            if span:
                del kept[-span:]
                found = True
                if not quotes_gone:
                    break
    return kept, found


def _attribution(lines: list[str], *, strict: bool) -> int:
    """Return how many of the last lines together say who wrote something when, 0 if they do not.

    `strict` asks for a verb and a time, since a sentence may end with a colon, too.
    """
    if not lines or lines[-1].rstrip()[-1:] not in (":", "："):
        return 0
    for span in range(1, len(lines) + 1):
        part = lines[-span:]
        if not part[0].strip() or (span > 1 and part[0].rstrip()[-1:] in (".", "!", "?", ":")):
            break
        text = " ".join(line.strip() for line in part)[: 2 * _LINE_CHARS]
        if _OPENS.match(text) and _says_who(text, strict):
            return span
    last = lines[-1].strip()[:_LINE_CHARS]
    return 1 if _says_who(last, strict) and (not strict or _ADDRESS.search(last)) else 0


def _says_who(text: str, strict: bool) -> bool:
    wrote, when, address = _WROTE.search(text), _WHEN.search(text), _ADDRESS.search(text)
    if strict:
        return bool(wrote and (when or address)) or bool(when and address and "<" in text)
    return bool(wrote or (when and address))


def _without_confidential(lines: list[str]) -> list[str]:
    """Take out paragraphs that say for whom a mail is meant by law."""
    kept: list[str] = []
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            paragraph.append(line)
            continue
        notice = paragraph and _CONFIDENTIAL.match(paragraph[0].strip(" *_")[:_LINE_CHARS])
        if not (notice and any(_CONFIDENTIAL_WORDS.search(p[: 4 * _LINE_CHARS]) for p in paragraph[:8])):
            kept.extend(paragraph)
        kept.append(line)
        paragraph = []
    return kept


def _above_footers(lines: list[str]) -> list[str]:
    """Return the lines above the signature or the footer of a list, without lines that name a device."""
    left = [0] * (len(lines) + 1)
    for i in range(len(lines) - 1, -1, -1):
        left[i] = left[i + 1] + bool(lines[i].strip())
    kept: list[str] = []
    for i, line in enumerate(lines):
        if line == "-- ":
            break
        if not line or left[i] > _FOOTER_LINES + 1:
            kept.append(line)
            continue
        begin = line[:_LINE_CHARS].strip()
        if _SIGNATURE.fullmatch(line) and not _BULLET.match(lines[i + 1][:_LINE_CHARS] if i + 1 < len(lines) else ""):
            break
        if _RULE.fullmatch(line.strip()[: 3 * _LINE_CHARS]) and _is_footer(lines, i, left[i + 1]):
            break
        if _LIST_FOOTER.match(begin):
            break
        if _REGARDS.fullmatch(begin) and left[i + 1] < _REGARDS_LINES and kept:
            break
        if not (_DEVICE.match(begin) and len(line) <= _DEVICE_CHARS):
            kept.append(line)
    return kept


def _is_footer(lines: list[str], rule: int, left: int) -> bool:
    """Return whether a line of dashes parts the footer of a list or an advertisement from the mail."""
    below = [line[:_LINE_CHARS] for line in lines[rule + 1 : rule + 8] if line.strip()]
    advertises = left <= _AD_LINES and lines[rule].lstrip().startswith("_") and any("http" in line for line in below)
    return advertises or any(map(_OF_LIST.search, below))


def _joined(lines: list[str]) -> str:
    """Return paragraphs in one line each: one that stops well before the margin ends what it says, others go on."""
    paragraphs: list[list[str]] = []
    goes_on = False
    for line in lines:
        text = " ".join(line.split())
        if _RULE.fullmatch(text):
            text = ""
        if goes_on and text and not _BULLET.match(line[:_LINE_CHARS]):
            paragraphs[-1].append(text)
        elif text:
            paragraphs.append([text])
        goes_on = bool(text) and len(line.rstrip()) >= _WRAPPED_CHARS
    return "\n".join(map(" ".join, paragraphs))
