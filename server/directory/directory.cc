#include "server/directory/directory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"

namespace slipway::server {
namespace {

template <typename Row>
const Row* FindById(const std::vector<Row>& rows, std::string_view id) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [id](const Row& row) { return row.id == id; });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

DirectorySnapshot::DirectorySnapshot(std::vector<User> users, std::vector<Customer> customers)
    : users_(std::move(users)), customers_(std::move(customers)) {}

const User* DirectorySnapshot::FindUser(std::string_view id) const { return FindById(users_, id); }
const Customer* DirectorySnapshot::FindCustomer(std::string_view id) const {
  return FindById(customers_, id);
}

Directory::Directory()
    : snapshot_(
          std::make_shared<DirectorySnapshot>(std::vector<User>{{"1", "John Liu", "sales"},
                                                                {"2", "Bruce Lee", "sales"},
                                                                {"3", "Chuck Norris", "manager"}},
                                              std::vector<Customer>{{"1", "Andy Ziemmer", "1"},
                                                                    {"2", "Michael Jordan", "1"},
                                                                    {"3", "Kobe Bryant", "2"},
                                                                    {"4", "Nick Kamar", "2"},
                                                                    {"5", "Jack Bledie", "2"}})) {}

bool ContainsIgnoringCase(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) {
    return absl::ascii_tolower(static_cast<unsigned char>(a)) ==
           absl::ascii_tolower(static_cast<unsigned char>(b));
  };
  return part.empty() ||
         std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

}  // namespace slipway::server
