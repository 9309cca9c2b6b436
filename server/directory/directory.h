#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::server {

struct User {
  std::string id;
  std::string name;
  std::string role;
};

struct Customer {
  std::string id;
  std::string name;
  std::string sales_id;
};

/// The users and customers as they were after one commit. Immutable: whoever holds it may read it
/// on any thread for as long as he likes.
class DirectorySnapshot {
 public:
  /// Both ordered by id.
  DirectorySnapshot(std::vector<User> users, std::vector<Customer> customers);

  const std::vector<User>& users() const { return users_; }
  const std::vector<Customer>& customers() const { return customers_; }
  /// nullptr when there is none.
  const User* FindUser(std::string_view id) const;
  const Customer* FindCustomer(std::string_view id) const;

 private:
  std::vector<User> users_;
  std::vector<Customer> customers_;
};

/// The people of the docks. Reads take the current snapshot and never wait for a writer. Any
/// thread.
class Directory {
 public:
  /// With the seed data.
  Directory();
  std::shared_ptr<const DirectorySnapshot> snapshot() const { return snapshot_; }

 private:
  std::shared_ptr<const DirectorySnapshot> snapshot_;
};

/// True when `text` contains `part`, letters of ASCII compared in any case. An empty part is in
/// all.
bool ContainsIgnoringCase(std::string_view text, std::string_view part);

}  // namespace slipway::server
