"""What WhatsApp itself writes in a chat, in the languages of phones: placeholders, edits, polls and notices."""

from __future__ import annotations

import re
from typing import NamedTuple

from textsignals.readers.chats.whatsapp_dates import SPACE, UNSEEN

_UNSEEN = re.compile(f"[{UNSEEN}]")
MARKS = ("\u200e", "\u200f")

# Whole texts, in small letters and without a full stop.
_WHOLE = {
    "deleted": (
        "this message was deleted|you deleted this message|diese nachricht wurde gelöscht"
        "|du hast diese nachricht gelöscht|sie haben diese nachricht gelöscht"
        "|se eliminó este mensaje|este mensaje fue eliminado|eliminaste este mensaje"
        "|has eliminado este mensaje|ce message a été supprimé|vous avez supprimé ce message|mensagem apagada"
        "|esta mensagem foi apagada|você apagou esta mensagem|esta mensagem foi eliminada|eliminou esta mensagem"
        "|questo messaggio è stato eliminato|hai eliminato questo messaggio|dit bericht is verwijderd"
        "|je hebt dit bericht verwijderd|u hebt dit bericht verwijderd|данное сообщение удалено"
        "|вы удалили данное сообщение|bu mesaj silindi|bu mesajı sildiniz|ta wiadomość została usunięta"
        "|usunięto tę wiadomość|pesan ini telah dihapus|anda menghapus pesan ini|det här meddelandet raderades"
        "|du raderade det här meddelandet|denne meldingen ble slettet|denne besked blev slettet|tämä viesti poistettiin"
        "|此消息已删除|此訊息已刪除|このメッセージは削除されました|삭제된 메시지입니다"
    ),
    "media only": (
        "image omitted|video omitted|audio omitted|sticker omitted|gif omitted|document omitted|contact card omitted"
        "|video note omitted|bild weggelassen|video weggelassen|audio weggelassen|sticker weggelassen|gif weggelassen"
        "|dokument weggelassen|kontaktkarte ausgelassen|imagen omitida|video omitido|audio omitido|sticker omitido"
        "|gif omitido|documento omitido|image absente|vidéo absente|audio omis|sticker omis|gif retiré"
        "|document manquant"
        "|imagem ocultada|imagem omitida|vídeo omitido|áudio ocultado|áudio omitido|figurinha omitida"
        "|immagine omessa|video omesso|audio omesso|sticker non incluso|afbeelding weggelaten|video weggelaten"
        "|audio weggelaten|sticker weggelaten|изображение отсутствует|görüntü dahil edilmedi|null"
        "|you received a view once message|view once message|live location shared|媒体文件已省略"
    ),
    "encrypted": (
        "waiting for this message|waiting for this message. this may take a while"
        "|warten auf diese nachricht. das kann etwas dauern"
    ),
    "call": (
        "missed voice call|missed video call|missed group voice call|missed group video call|verpasster sprachanruf"
        "|verpasster videoanruf|llamada perdida|videollamada perdida|appel vocal manqué|appel vidéo manqué"
        "|chamada de voz perdida|chamada de vídeo perdida|chiamata vocale persa|videochiamata persa"
        "|gemiste spraakoproep|gemiste video-oproep"
    ),
}
_NOTICES = {text: reason for reason, texts in _WHOLE.items() for text in texts.split("|")}
_LONGEST = max(map(len, _NOTICES)) + 4
# How a text ends or begins that may be one of these or of those further down.
_LAST = frozenset(">) \t")

# How the notice on encryption begins that stands under the name of the group or of a person.
_ENCRYPTED = (
    "Messages and calls are end-to-end encrypted",
    "Messages to this chat and calls are now secured",
    "Messages to this group are now secured",
    "Messages you send to this",
    "Nachrichten und Anrufe sind Ende-zu-Ende",
    "Los mensajes y las llamadas están cifrados",
    "Los mensajes y llamadas están cifrados",
    "Les messages et les appels sont chiffrés",
    "Les messages et appels sont chiffrés",
    "As mensagens e as chamadas são protegidas",
    "As mensagens e chamadas são protegidas",
    "As mensagens e ligações são protegidas",
    "I messaggi e le chiamate sono crittografati",
    "Berichten en oproepen zijn end-to-end",
    "Сообщения и звонки защищены",
    "Mesajlar ve aramalar uçtan uca şifrelidir",
)
_FIRST = frozenset(text[:3].lower() for text in (*_NOTICES, *_ENCRYPTED))
# What kind of notice it is, by the words in it; the first that fits.
_KINDS = (
    ("deleted", r"deleted this message|message was deleted|gelöscht|eliminaste|apagad|supprimé ce message"),
    (
        "media only",
        r"omitted|weggel|ausgel|omitid|omiss?[ae]?\b|ocultad|omess|absente|foursquare\.com|maps\.google|maps\.apple"
        r"|location:|standort:|ubicación:|localização:|localisation|posizione:|locatie:|contact card|\.vcf\b|view once",
    ),
    (
        "call",
        r"\bcalls?\b(?!.*encrypt)|anruf(?!.*verschl)|llamada(?!.*cifrad)|\bappel\b|chamada de|chiamata|oproep|звонок",
    ),
    (
        "join or leave",
        r"\b(?:joined|left|added|removed|invite)\b|hinzugefügt|beigetreten|verlassen|entfernt|añadió|agregó|añadid"
        r"|salió|se unió|eliminó a|a rejoint|a ajouté|a quitté|a été ajouté|a retiré|adicionou|entrou|saiu|removeu"
        r"|ha aggiunto"
        r"|si è unit|ha abbandonato|è uscit|ha rimosso|toegevoegd|heeft de groep verlaten|verwijderd"
        r"|добавил|покинул|присоединил|удалил|ekledi|ayrıldı|katıldı|çıkardı",
    ),
)
_KIND_PATTERNS = tuple((reason, re.compile(words, re.IGNORECASE)) for reason, words in _KINDS)

# In place of a name, these are the beginning of a notice whose end has a colon.
_NO_NAME = re.compile(
    r"https?$|\b(?:changed (?:the|this|their)|created (?:the )?group|pinned a message|turned (?:on|off))\b"
    r"|hat (?:den|die|das) (?:Gruppe|Betreff)|Gruppe „|cambió (?:el|la)|creó el grupo|a changé|a modifié"
    r"|a créé le groupe"
    r"|mudou (?:o|a)|alterou|criou o grupo|ha cambiato|ha creato il gruppo|heeft (?:het onderwerp|de groep)"
)
_LONGEST_NAME = 100

_PLACEHOLDER = re.compile(
    r"<[^<>\n]*(?:omit|omis|omess|ausge|weggel|ocult|media|médi|mídia|multim|medien|медиа|файл|dahil|dihapus|pomin|utel"
    r"|省略|略|생략|محذوف|הושמט)[^<>\n]*>",
    re.IGNORECASE,
)
_EDITED = re.compile(
    r"[\s\u200e\u200f]*<[^<>\n]*(?:edited|bearbeitet|edit[óo]|editad|modifié|modificato|bewerkt|изменено|redig|muokat|edyto"
    r"|düzenlen|diedit|编辑|編輯|編集|수정)[^<>\n]*>$",
    re.IGNORECASE,
)
_EDITED_MARKED = re.compile(r"[\s\u200f]*\u200e<[^<>:\n]{4,60}>$")
_ATTACHED = re.compile(r"[\u200e\u200f]*<[^<>:\n]{2,30}:[ \u00a0]?([^<>\n]+\.\w{1,5})>")
# The line an iPhone puts before an attached document: its title and number of pages.
_DOCUMENT = re.compile(r"^[^\n•]*•[^\n]*$", re.MULTILINE)
_FILE = re.compile(rf"^[\u200e\u200f]*([^\n<>()]{{1,200}}\.\w{{1,5}}){SPACE}\(([^()\n]{{4,40}})\)$", re.MULTILINE)
_OWN_FILE = re.compile(r"(?:IMG|VID|AUD|PTT|STK|DOC)-\d{8}-WA\d+\.")
_FILE_WORDS = re.compile(
    r"file attached|angehängt|adjunt|joint|anexad|allegato|bijgevoegd|добавлен|прикреплён|ekli|ektedir|terlampir"
    r"|bifogad"
    r"|vedlagt|załącz|附件|添付|첨부",
    re.IGNORECASE,
)
_POLL = re.compile(r"[^\W\d_]{3,20}\s?:$")
_OPTION = re.compile(r"\n[\u200e\u200f]*[^\W\d_]{3,20}\s?: [^\n]*\(\d+ [^()\n]+\)\s*$")
# Numbers stand for people in mentions; between marks they have blanks in them.
_MENTION = re.compile(r"@(?:\u2068[~\s]*\+?[\d\s()-]{6,}\u2069|\+?\d{6,})")
_MASK = "@someone"


class Sorted(NamedTuple):
    """What stands in an entry: a person's text, and why it is left out if it is ("" if not)."""

    text: str
    skip: str = ""
    edited: bool = False
    attachments: tuple[str, ...] = ()


def sort(text: str, marked: bool) -> Sorted | None:
    """Return what a named entry holds, None if all of it is a person's text as it stands.

    `marked` tells that this phone puts a mark before all that is not a person's.

    >>> sort("IMG-20200101-WA0001.jpg (file attached)\\nthe board after the retro", False)
    Sorted(text='the board after the retro', skip='', edited=False, attachments=('IMG-20200101-WA0001.jpg',))
    >>> sort("<Media omitted>", False).skip, sort("we agreed", False)
    ('media only', None)
    """
    if text.isascii():
        # Most are plain: found out without looking at every pattern.
        plain = text[-1:] not in _LAST and "@" not in text and ")\n" not in text and text[:3].lower() not in _FIRST
        return None if plain else _sort_plain(text.rstrip(), text.rstrip())
    text = text.rstrip()
    if text[:1] in MARKS or "\u200e" in text:
        return _sort_marked(text, marked)
    return _sort_plain(_unmarked(text), text)


def _sort_plain(text: str, raw: str) -> Sorted:
    """Sort a text without marks; `raw` still has those around mentions."""
    if len(text) <= _LONGEST and (reason := _NOTICES.get(text.strip(" .").casefold())):
        return Sorted(text, reason)
    if "@" in raw:
        text = _unmarked(_MENTION.sub(_MASK, raw))
    last = text[-1:]
    if last == ">":
        return _sort_angled(text)
    if last == ")" or ")\n" in text:
        return _sort_bracketed(text)
    if last == "." and text.startswith(_ENCRYPTED):
        return Sorted(text, "system")
    return Sorted(text)


def _sort_angled(text: str) -> Sorted:
    if _PLACEHOLDER.fullmatch(text):
        return Sorted(text, "media only")
    own = _EDITED.sub("", text)
    if own != text:
        inner = _sort_plain(own, own) if own else Sorted("", "empty")
        return inner._replace(edited=True)
    return _sort_attached(text)


def _sort_attached(text: str) -> Sorted:
    """Sort a text with the names of attached files in it; what is left of it is their caption."""
    files = tuple(_ATTACHED.findall(text))
    if not files:
        return Sorted(text)
    own = _unmarked(_DOCUMENT.sub("", _ATTACHED.sub("", text))).strip()
    return Sorted(own, "" if own else "media only", False, files)


def _sort_bracketed(text: str) -> Sorted:
    """Sort a text that may be a poll or begin with the name of a file."""
    first, _, more = text.partition("\n")
    if _POLL.match(first) and first == first.upper() and _OPTION.search(text):
        return Sorted(text, "poll")
    match = _FILE.match(first)
    if match and (_OWN_FILE.match(match.group(1)) or _FILE_WORDS.search(match.group(2))):
        return Sorted(more.strip(), "" if more.strip() else "media only", False, (match.group(1),))
    return Sorted(text)


def _sort_marked(text: str, marked: bool) -> Sorted:
    """Sort a text in which a phone marked words of its own."""
    edited = _EDITED_MARKED.sub("", text)
    if edited != text and not _ATTACHED.search(text) and not _PLACEHOLDER.fullmatch(_unmarked(text)):
        inner = (edited and sort(edited, marked)) or Sorted(edited, "" if edited else "empty")
        return inner._replace(edited=True)
    if _ATTACHED.search(text):
        return _sort_attached(text)
    plain = _unmarked(text)
    found = _sort_plain(plain, text)
    if found.skip or not text.startswith(MARKS):
        return _without_placeholder(text, found)
    first, _, more = plain.partition("\n")
    if (_NOTICES.get(first.strip(" .").casefold())) == "media only" and more.strip():
        return Sorted(_sort_plain(more, more).text.strip(), "", False, ("media",))
    return Sorted(plain, notice(plain)) if marked else found


def _without_placeholder(text: str, found: Sorted) -> Sorted:
    """Return a caption without the placeholder that an iPhone puts, marked, behind it."""
    own, mark, end = text.rpartition("\u200e")
    if not found.skip and mark and own.strip() and _NOTICES.get(end.strip(" .").casefold()) == "media only":
        own = _unmarked(own).strip()
        return Sorted(own, "", False, ("media",)) if own else Sorted(own, "media only")
    return found


def _unmarked(text: str) -> str:
    return _UNSEEN.sub("", text)


def notice(text: str) -> str:
    """Return the reason to leave out a line of the software's own.

    >>> notice("Ana added Ben"), notice("Ben changed the group description")
    ('join or leave', 'system')
    """
    plain = _unmarked(text).strip()
    if plain.startswith(_ENCRYPTED):
        return "system"
    whole = _NOTICES.get(plain.strip(" .").casefold())
    return whole or next((reason for reason, words in _KIND_PATTERNS if words.search(plain)), "system")


def split(rest: str) -> tuple[str, str]:
    """Return name and text of what follows a date; no name if the line is the software's own.

    >>> split("Ana: well: yes"), split('Ana changed the subject to "a: b"')
    (('Ana', 'well: yes'), ('', 'Ana changed the subject to "a: b"'))
    """
    name, colon, text = rest.partition(": ")
    if not colon:
        name, colon, text = rest.partition(":")
        if text[:1].isdigit() or text[:1] == "/":
            return "", rest
    return (name, text) if colon and _is_name(name) else ("", rest)


def _is_name(name: str) -> bool:
    # A colon inside of quotation marks is one of a title.
    quoted = name.count('"') % 2 or name.count("“") > name.count("”") or name.count("«") > name.count("»")
    return 0 < len(name) <= _LONGEST_NAME and not quoted and not _NO_NAME.search(name)


def person(name: str) -> str:
    """Return a name without the signs around it: of writing direction, and of people who are not in the contacts.

    >>> person("~ Ana")
    'Ana'
    """
    return " ".join(_unmarked(name).lstrip("~ \u00a0\u202f").split())


def is_placeholder(text: str) -> bool:
    """Return whether a text can only be one of the software's, so that all before it is a name."""
    plain = _unmarked(text).strip()
    return bool(_PLACEHOLDER.fullmatch(plain)) or plain.strip(" .").casefold() in _NOTICES
