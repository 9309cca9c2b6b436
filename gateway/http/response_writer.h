#pragma once

#include <string>
#include <string_view>

#include "gateway/http/exchange.h"

namespace slipway::gateway {

/// The reason phrase of a status (RFC 9110; 499 as nginx and grpc-gateway have it), or "Unknown".
std::string_view ReasonPhrase(int status);

/// True when an answer of this status has no body and no framing headers: 1xx, 204, 304.
bool StatusForbidsBody(int status);

/// The current time as a Date header wants it (IMF-fixdate). Formatted once a second and thread;
/// the view is valid until the thread's next call.
std::string_view HttpDate();

/// Appends status line, headers, Date, Connection and framing, and the empty line.
///
/// `http_minor` is that of the request: an HTTP/1.0 client is told `keep-alive`, an HTTP/1.1 client
/// is told `close`. `chunked` adds Transfer-Encoding and leaves Content-Length out; without it and
/// without a content_length the end of the connection ends the body, so `keep_alive` must be false.
/// Values come from backends: control bytes in them become spaces, and a header whose name is not a
/// token is left out, so that no value can forge a line.
void AppendResponseHead(const ResponseHead& head, bool keep_alive, int http_minor, bool chunked,
                        std::string* out);

/// Appends one `name: value` line under the same rules; for trailer fields too.
void AppendHeaderLine(std::string_view name, std::string_view value, std::string* out);

/// Appends a value with its control bytes as spaces.
void AppendHeaderValue(std::string_view value, std::string* out);

/// True for a non-empty token of RFC 9110: what may be a header's name or a method.
bool IsToken(std::string_view text);

}  // namespace slipway::gateway
