"""Exports written to files, folders and archives, and read whole: what the tests of all readers share."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile

import textsignals as ts


def write(path, data):
    """Write bytes as they are, text as UTF-8 and all else as JSON, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_encoded(data))
    return path


def write_folder(path, files):
    for name, data in files.items():
        write(path / name, data)
    return path


def write_zip(path, files, compression=zipfile.ZIP_DEFLATED):
    return write(path, zipped(files, compression))


def zipped(files, compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, _encoded(data))
    return out.getvalue()


def tarred(files, mode="w:gz", links=()):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(_encoded(data))
            archive.addfile(info, io.BytesIO(_encoded(data)))
        for link in links:
            archive.addfile(link)
    return out.getvalue()


def read_all(path, **options):
    """Return the messages and the report of an input, whose account adds up, file by file and in all."""
    reading = ts.read(path, **options)
    messages = list(reading)
    check_accounts(reading.report)
    return messages, reading.report


def check_accounts(report):
    for part in (report, *report.files):
        assert part.read == part.yielded + sum(part.skipped.values()) + part.quarantined


def _encoded(data):
    if isinstance(data, bytes):
        return data
    return (data if isinstance(data, str) else json.dumps(data)).encode()
