#include "server/service/docking.h"

#include <string>
#include <utility>

#include "docking/v1/customers.pb.h"
#include "docking/v1/users.pb.h"
#include "rpc/handlers.h"

namespace slipway::server {
namespace {

namespace pb = docking::v1;

void Fill(const User& user, pb::User& out) {
  out.set_id(user.id);
  out.set_name(user.name);
  out.set_role(user.role);
}

void Fill(const Customer& customer, pb::Customer& out) {
  out.set_id(customer.id);
  out.set_name(customer.name);
  out.set_sales_id(customer.sales_id);
}

class Users {
 public:
  Users(std::shared_ptr<const Directory> directory, rpc::Duration delay)
      : directory_(std::move(directory)), delay_(delay) {}

  rpc::Task<absl::StatusOr<pb::ListUsersResponse>> ListUsers(rpc::CallContext& context,
                                                             pb::ListUsersRequest request) {
    const rpc::Status slept = co_await context.Sleep(delay_);
    if (!slept.ok()) co_return slept.ToAbsl();
    const auto snapshot = directory_->snapshot();
    pb::ListUsersResponse response;
    for (const User& user : snapshot->users()) {
      if (ContainsIgnoringCase(user.role, request.role()) &&
          ContainsIgnoringCase(user.name, request.name())) {
        Fill(user, *response.add_users());
      }
    }
    co_return response;
  }

  rpc::Task<absl::StatusOr<pb::User>> GetUser(rpc::CallContext& context,
                                              pb::GetUserRequest request) {
    const rpc::Status slept = co_await context.Sleep(delay_);
    if (!slept.ok()) co_return slept.ToAbsl();
    const auto snapshot = directory_->snapshot();
    const User* user = snapshot->FindUser(request.id());
    if (user == nullptr) co_return absl::NotFoundError("User ID " + request.id() + " not found");
    pb::User response;
    Fill(*user, response);
    co_return response;
  }

 private:
  const std::shared_ptr<const Directory> directory_;
  const rpc::Duration delay_;
};

class Customers {
 public:
  Customers(std::shared_ptr<const Directory> directory, rpc::Duration delay)
      : directory_(std::move(directory)), delay_(delay) {}

  rpc::Task<absl::StatusOr<pb::ListCustomersResponse>> ListCustomers(
      rpc::CallContext& context, pb::ListCustomersRequest request) {
    const rpc::Status slept = co_await context.Sleep(delay_);
    if (!slept.ok()) co_return slept.ToAbsl();
    const auto snapshot = directory_->snapshot();
    pb::ListCustomersResponse response;
    for (const Customer& customer : snapshot->customers()) {
      if (ContainsIgnoringCase(customer.name, request.name()) &&
          (!request.has_sales_id() || customer.sales_id == request.sales_id())) {
        Fill(customer, *response.add_customers());
      }
    }
    co_return response;
  }

  rpc::Task<absl::StatusOr<pb::Customer>> GetCustomer(rpc::CallContext& context,
                                                      pb::GetCustomerRequest request) {
    const rpc::Status slept = co_await context.Sleep(delay_);
    if (!slept.ok()) co_return slept.ToAbsl();
    const auto snapshot = directory_->snapshot();
    const Customer* customer = snapshot->FindCustomer(request.id());
    if (customer == nullptr) {
      co_return absl::NotFoundError("Customer ID " + request.id() + " not found");
    }
    pb::Customer response;
    Fill(*customer, response);
    co_return response;
  }

 private:
  const std::shared_ptr<const Directory> directory_;
  const rpc::Duration delay_;
};

}  // namespace

std::vector<rpc::Method> UserMethods(std::shared_ptr<const Directory> directory,
                                     rpc::Duration delay) {
  auto users = std::make_shared<Users>(std::move(directory), delay);
  return {rpc::Unary("/docking.v1.Users/ListUsers", users, &Users::ListUsers),
          rpc::Unary("/docking.v1.Users/GetUser", users, &Users::GetUser)};
}

std::vector<rpc::Method> CustomerMethods(std::shared_ptr<const Directory> directory,
                                         rpc::Duration delay) {
  auto customers = std::make_shared<Customers>(std::move(directory), delay);
  return {rpc::Unary("/docking.v1.Customers/ListCustomers", customers, &Customers::ListCustomers),
          rpc::Unary("/docking.v1.Customers/GetCustomer", customers, &Customers::GetCustomer)};
}

}  // namespace slipway::server
