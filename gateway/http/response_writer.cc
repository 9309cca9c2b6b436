#include "gateway/http/response_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>

namespace slipway::gateway {
namespace {

constexpr std::array<bool, 256> MakeTokenTable() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<uint8_t>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kTokenTable = MakeTokenTable();

bool IsControl(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

void AppendNumber(uint64_t number, std::string* out) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out->append(digits, end);
}

void AppendStatusLine(int status, std::string* out) {
  out->append("HTTP/1.1 ");
  AppendNumber(static_cast<uint64_t>(status), out);
  out->push_back(' ');
  out->append(ReasonPhrase(status));
  out->append("\r\n");
}

void AppendFraming(const ResponseHead& head, bool chunked, std::string* out) {
  // RFC 9110 section 8.6 and RFC 9112 section 6.1; a 304 may have a length, but not that of
  // nothing.
  if (StatusForbidsBody(head.status)) return;
  if (chunked) {
    out->append("Transfer-Encoding: chunked\r\n");
  } else if (head.content_length) {
    out->append("Content-Length: ");
    AppendNumber(*head.content_length, out);
    out->append("\r\n");
  }
}

}  // namespace

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 203:
      return "Non-Authoritative Information";
    case 204:
      return "No Content";
    case 205:
      return "Reset Content";
    case 206:
      return "Partial Content";
    case 300:
      return "Multiple Choices";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 425:
      return "Too Early";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 451:
      return "Unavailable For Legal Reasons";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Unknown";
  }
}

bool StatusForbidsBody(int status) { return status < 200 || status == 204 || status == 304; }

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return kTokenTable[static_cast<uint8_t>(c)]; });
}

std::string_view HttpDate() {
  thread_local time_t formatted_at = -1;
  thread_local char text[32];
  thread_local size_t length = 0;
  const time_t now = time(nullptr);
  if (now != formatted_at) {
    // Not strftime's %a and %b: those follow the locale.
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    tm utc{};
    gmtime_r(&now, &utc);
    char rest[24];
    strftime(rest, sizeof rest, " %Y %H:%M:%S GMT", &utc);
    const std::string date = std::string(kDays[utc.tm_wday]) + ", " +
                             (utc.tm_mday < 10 ? "0" : "") + std::to_string(utc.tm_mday) + " " +
                             kMonths[utc.tm_mon] + rest;
    length = date.copy(text, sizeof text);
    formatted_at = now;
  }
  return {text, length};
}

void AppendHeaderValue(std::string_view value, std::string* out) {
  const size_t start = out->size();
  out->append(value);
  for (size_t i = start; i < out->size(); ++i) {
    if (IsControl((*out)[i])) (*out)[i] = ' ';
  }
}

void AppendHeaderLine(std::string_view name, std::string_view value, std::string* out) {
  if (!IsToken(name)) return;
  out->append(name);
  out->append(": ");
  AppendHeaderValue(value, out);
  out->append("\r\n");
}

void AppendResponseHead(const ResponseHead& head, bool keep_alive, int http_minor, bool chunked,
                        std::string* out) {
  AppendStatusLine(head.status, out);
  for (const Header& header : head.headers) AppendHeaderLine(header.name, header.value, out);
  out->append("Date: ");
  out->append(HttpDate());
  out->append("\r\n");
  AppendFraming(head, chunked, out);
  if (!keep_alive) {
    out->append("Connection: close\r\n");
  } else if (http_minor == 0) {
    out->append("Connection: keep-alive\r\n");
  }
  out->append("\r\n");
}

}  // namespace slipway::gateway
