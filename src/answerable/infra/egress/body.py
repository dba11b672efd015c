"""Reading an answer's body within a limit, compressed or not."""

import zlib
from collections.abc import AsyncGenerator, AsyncIterable, Mapping

from answerable.infra.egress.errors import ConnectionFailed, ResponseTooLarge

ACCEPTED_ENCODING = "gzip"
"""The one compression that is asked for and understood; a pile of them is a way to build a bomb."""

_GZIP = zlib.MAX_WBITS | 16


async def read_body(
    chunks: AsyncIterable[bytes], headers: Mapping[str, str], *, max_bytes: int, source: str
) -> bytes:
    """The body, decompressed as it comes; reading ends where the limit is passed.

    Errors:  ResponseTooLarge, ConnectionFailed when it is compressed wrongly.
    """
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise ResponseTooLarge(source)
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        return await _collect(chunks, max_bytes=max_bytes, source=source)
    if encoding == ACCEPTED_ENCODING:
        return await _collect(_inflate(chunks, max_bytes, source), max_bytes=max_bytes, source=source)
    raise ConnectionFailed(f"{source} uses a compression that was not asked for.")


async def _collect(chunks: AsyncIterable[bytes], *, max_bytes: int, source: str) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        if len(body) + len(chunk) > max_bytes:
            raise ResponseTooLarge(source)
        body += chunk
    return bytes(body)


async def _inflate(chunks: AsyncIterable[bytes], max_bytes: int, source: str) -> AsyncGenerator[bytes]:
    inflater = zlib.decompressobj(_GZIP)
    size = 0
    try:
        async for chunk in chunks:
            # Counted here too: a stream can be endless and still decompress to nothing.
            size += len(chunk)
            if size > max_bytes:
                raise ResponseTooLarge(source)
            yield inflater.decompress(chunk, max_bytes + 1)
    except zlib.error as error:
        raise ConnectionFailed(f"{source} sent a broken compression.") from error
    if size > 0 and (not inflater.eof or inflater.unused_data):
        raise ConnectionFailed(f"{source} sent a broken compression.")
