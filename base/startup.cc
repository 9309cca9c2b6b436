#include "base/startup.h"

#include <cstdint>
#include <iomanip>
#include <iostream>

namespace slipway::base {

void PrintListening(std::string_view what, const HostPort& configured, int port) {
  HostPort real = configured;
  real.port = static_cast<std::uint16_t>(port);
  std::cout << "  " << std::left << std::setw(6) << what << " " << (what == "gRPC" ? "" : "http://")
            << real.ToString() << std::endl;
}

void PrintListening(std::string_view what, const std::vector<HostPort>& configured,
                    const std::vector<int>& ports) {
  for (std::size_t i = 0; i < configured.size(); ++i) {
    PrintListening(what, configured[i], ports[i]);
  }
}

}  // namespace slipway::base
