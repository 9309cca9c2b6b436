#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

/// Early return for functions that return absl::Status or absl::StatusOr, or, in the CO_ forms, for
/// coroutines whose result can be made from an absl::Status. The expression comes last and may
/// contain commas. The CO_ forms name the result before they test it, because g++ 12 destroys
/// temporaries of a `co_await` inside a condition at the wrong time.

#define SLIPWAY_MACRO_CONCAT_INNER(a, b) a##b
#define SLIPWAY_MACRO_CONCAT(a, b) SLIPWAY_MACRO_CONCAT_INNER(a, b)
#define SLIPWAY_MACRO_NAME(stem) SLIPWAY_MACRO_CONCAT(stem, __LINE__)

#define SLIPWAY_RETURN_IF_ERROR_WITH(return_keyword, name, ...) \
  do {                                                          \
    absl::Status name = (__VA_ARGS__);                          \
    if (!name.ok()) return_keyword name;                        \
  } while (false)

#define SLIPWAY_ASSIGN_OR_RETURN_WITH(return_keyword, name, lhs, ...) \
  auto name = (__VA_ARGS__);                                          \
  if (!name.ok()) return_keyword std::move(name).status();            \
  lhs = *std::move(name)

/// Returns the absl::Status of `expr` unless it is OK.
#define SLIPWAY_RETURN_IF_ERROR(...) \
  SLIPWAY_RETURN_IF_ERROR_WITH(return, SLIPWAY_MACRO_NAME(slipway_status_), __VA_ARGS__)

/// SLIPWAY_ASSIGN_OR_RETURN(lhs, expr): moves the value of the absl::StatusOr `expr` into `lhs`, a
/// variable or a declaration (`auto x`, `const std::string y`), or returns its status. Expands to
/// several statements: needs braces under an `if`.
#define SLIPWAY_ASSIGN_OR_RETURN(lhs, ...) \
  SLIPWAY_ASSIGN_OR_RETURN_WITH(return, SLIPWAY_MACRO_NAME(slipway_status_or_), lhs, __VA_ARGS__)

/// As SLIPWAY_RETURN_IF_ERROR, in a coroutine; `expr` may contain `co_await`.
#define SLIPWAY_CO_RETURN_IF_ERROR(...) \
  SLIPWAY_RETURN_IF_ERROR_WITH(co_return, SLIPWAY_MACRO_NAME(slipway_status_), __VA_ARGS__)

/// As SLIPWAY_ASSIGN_OR_RETURN, in a coroutine; `expr` may contain `co_await`.
#define SLIPWAY_CO_ASSIGN_OR_RETURN(lhs, ...) \
  SLIPWAY_ASSIGN_OR_RETURN_WITH(co_return, SLIPWAY_MACRO_NAME(slipway_status_or_), lhs, __VA_ARGS__)
