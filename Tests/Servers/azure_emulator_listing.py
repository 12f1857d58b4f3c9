"""List Blobs, List Containers and Get Block List: what comes before the XML, and the XML."""

import base64
import re
import urllib.parse
from xml.sax.saxutils import escape, quoteattr

from azure_emulator_wire import StorageError, document, http_date

MAXIMUM_RESULTS = 5000
# What XML 1.0 cannot hold; such a name is percent-encoded and marked.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def name_element(tag, name):
    if UNWRITABLE.search(name):
        return f'<{tag} Encoded="true">{urllib.parse.quote(name, safe="/")}</{tag}>'
    return f"<{tag}>{escape(name, {chr(13): '&#xD;'})}</{tag}>"


def page_size(request):
    text = request.parameter("maxresults")
    if text is None:
        return MAXIMUM_RESULTS
    if not text.isdigit() or int(text) == 0:
        raise StorageError("InvalidQueryParameterValue")
    return min(int(text), MAXIMUM_RESULTS)


def read_marker(request):
    """The sort key to begin at, or None for the beginning."""
    marker = request.parameter("marker")
    if not marker:
        return None
    try:
        name, version = base64.urlsafe_b64decode(marker.removeprefix("2!")).decode().split("\0")
    except ValueError:
        raise StorageError("InvalidQueryParameterValue") from None
    return name.encode(), version


def write_marker(key):
    return "2!" + base64.urlsafe_b64encode(key[0] + b"\0" + key[1].encode()).decode() if key else ""


def list_blobs(store, container, request):
    include = set(request.parameter("include", "").split(",")) - {""}
    prefix, delimiter = request.parameter("prefix", ""), request.parameter("delimiter", "")
    with store.lock:
        rows, following = page(store.container(container), prefix, delimiter, include, page_size(request),
                               read_marker(request))
    body = ""
    for row in rows:
        body += row if isinstance(row, str) else blob_element(*row, include, store.versioning)
    root = f"<EnumerationResults ServiceEndpoint={quoteattr(endpoint(request))} ContainerName={quoteattr(container)}>"
    for tag, value in (("Prefix", prefix), ("Marker", request.parameter("marker", "")),
                       ("MaxResults", request.parameter("maxresults", "")), ("Delimiter", delimiter)):
        if value:
            root += name_element(tag, value)
    return document(f"{root}<Blobs>{body}</Blobs><NextMarker>{write_marker(following)}</NextMarker></EnumerationResults>")


def page(container, prefix, delimiter, include, limit, start):
    """The rows of one page and the key of the row after it. A blob's versions sort by time, the current one last."""
    rows, folders = [], set()
    for name in sorted(container.entries, key=str.encode):
        if not name.startswith(prefix):
            continue
        entry = container.entries[name]
        states = [(v, False) for v in entry.previous] if "versions" in include else []
        if entry.current:
            states.append((entry.current, True))
        elif entry.uncommitted and "uncommittedblobs" in include:
            states.append((None, False))
        end = name.find(delimiter, len(prefix)) if delimiter else -1
        if end >= 0 and states:
            folder = name[: end + len(delimiter)]
            if folder in folders:
                continue
            folders.add(folder)
            states = [(folder, False)]
        for state, is_current in states:
            is_folder = isinstance(state, str)
            key = (state.encode(), "") if is_folder else (name.encode(), state.version_id if state else "")
            if start and key < start:
                continue
            if len(rows) == limit:
                return rows, key
            rows.append(f"<BlobPrefix>{name_element('Name', state)}</BlobPrefix>" if is_folder
                        else (name, state, is_current))
    return rows, None


def blob_element(name, version, is_current, include, versioning):
    text = "<Blob>" + name_element("Name", name)
    if version is None:
        return text + "<Properties><Content-Length>0</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>"
    if versioning:
        text += f"<VersionId>{version.version_id}</VersionId>"
        text += "<IsCurrentVersion>true</IsCurrentVersion>" if is_current else ""
    properties = {
        "Creation-Time": http_date(version.created),
        "Last-Modified": http_date(version.modified),
        # Unlike the header, without quotes.
        "Etag": version.etag.strip('"'),
        "Content-Length": len(version.data),
        **{name: version.properties.get(name, "") for name in
           ("Content-Type", "Content-Encoding", "Content-Language")},
        "Content-CRC64": "",
        "Content-MD5": version.content_md5,
        "Cache-Control": version.properties.get("Cache-Control", ""),
        "Content-Disposition": version.properties.get("Content-Disposition", ""),
        "BlobType": "BlockBlob",
        "AccessTier": "Hot",
        "AccessTierInferred": "true",
        "LeaseStatus": "unlocked",
        "LeaseState": "available",
        "ServerEncrypted": "true",
    }
    text += "<Properties>" + "".join(f"<{tag}>{escape(str(value))}</{tag}>" for tag, value in properties.items())
    text += "</Properties>"
    if "metadata" in include:
        text += "<Metadata>" + "".join(f"<{k}>{escape(v)}</{k}>" for k, v in version.metadata.items()) + "</Metadata>"
    return text + "<OrMetadata /></Blob>"


def list_containers(store, request):
    prefix = request.parameter("prefix", "")
    with store.lock:
        found = sorted((c for c in store.containers.values() if c.name.startswith(prefix)), key=lambda c: c.name)
    start = read_marker(request)
    found = [c for c in found if not start or c.name.encode() >= start[0]]
    limit = page_size(request)
    body = "".join(
        f"<Container><Name>{c.name}</Name><Properties><Last-Modified>{http_date(c.modified)}</Last-Modified>"
        f"<Etag>{escape(c.etag)}</Etag><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
        "</Properties></Container>" for c in found[:limit])
    following = (found[limit].name.encode(), "") if len(found) > limit else None
    return document(f"<EnumerationResults ServiceEndpoint={quoteattr(endpoint(request))}><Containers>{body}</Containers>"
                    f"<NextMarker>{write_marker(following)}</NextMarker></EnumerationResults>")


def block_list(entry, kind):
    committed = entry.current.blocks if entry.current else []
    text = "<BlockList>"
    for tag, blocks in (("Committed", committed), ("Uncommitted", [(i, len(d)) for i, d in entry.uncommitted.items()])):
        if kind in (tag.lower(), "all"):
            text += f"<{tag}Blocks>" + "".join(
                f"<Block><Name>{escape(name)}</Name><Size>{size}</Size></Block>" for name, size in blocks)
            text += f"</{tag}Blocks>"
    return document(text + "</BlockList>")


def endpoint(request):
    return f"{request.scheme}://{request.header('host')}/{request.account}/"
