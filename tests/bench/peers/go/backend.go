package main

import (
	"context"
	"flag"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"

	"slipway/peers/docking"
)

func runBackend(args []string) error {
	flags := flag.NewFlagSet("backend", flag.ExitOnError)
	address := flags.String("listen", "127.0.0.1:0", "address to serve gRPC on")
	delay := flags.Duration("info-delay", 5*time.Second, "how long GetInfo takes")
	flags.Parse(args)

	server := grpc.NewServer()
	docking.RegisterUsersServer(server, &users{})
	docking.RegisterCustomersServer(server, &customers{})
	docking.RegisterInfoServer(server, &info{delay: *delay})
	reflection.Register(server)
	listener, err := listen(*address)
	if err != nil {
		return err
	}
	return server.Serve(listener)
}

var allUsers = []*docking.User{
	{Id: "1", Name: "John Liu", Role: "sales"},
	{Id: "2", Name: "Bruce Lee", Role: "sales"},
	{Id: "3", Name: "Chuck Norris", Role: "manager"},
}

var allCustomers = []*docking.Customer{
	{Id: "1", Name: "Andy Ziemmer", SalesId: "1"},
	{Id: "2", Name: "Michael Jordan", SalesId: "1"},
	{Id: "3", Name: "Kobe Bryant", SalesId: "2"},
	{Id: "4", Name: "Nick Kamar", SalesId: "2"},
	{Id: "5", Name: "Jack Bledie", SalesId: "2"},
}

func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

type users struct {
	docking.UnimplementedUsersServer
}

func (*users) ListUsers(_ context.Context, request *docking.ListUsersRequest) (
	*docking.ListUsersResponse, error) {
	response := &docking.ListUsersResponse{}
	for _, user := range allUsers {
		if contains(user.Role, request.Role) && contains(user.Name, request.Name) {
			response.Users = append(response.Users, user)
		}
	}
	return response, nil
}

func (*users) GetUser(_ context.Context, request *docking.GetUserRequest) (*docking.User, error) {
	for _, user := range allUsers {
		if user.Id == request.Id {
			return user, nil
		}
	}
	return nil, status.Errorf(codes.NotFound, "User ID %s not found", request.Id)
}

type customers struct {
	docking.UnimplementedCustomersServer
}

func (*customers) ListCustomers(_ context.Context, request *docking.ListCustomersRequest) (
	*docking.ListCustomersResponse, error) {
	response := &docking.ListCustomersResponse{}
	for _, customer := range allCustomers {
		if !contains(customer.Name, request.Name) {
			continue
		}
		if request.SalesId != nil && *request.SalesId != customer.SalesId {
			continue
		}
		response.Customers = append(response.Customers, customer)
	}
	return response, nil
}

func (*customers) GetCustomer(_ context.Context, request *docking.GetCustomerRequest) (
	*docking.Customer, error) {
	for _, customer := range allCustomers {
		if customer.Id == request.Id {
			return customer, nil
		}
	}
	return nil, status.Errorf(codes.NotFound, "Customer ID %s not found", request.Id)
}

type info struct {
	docking.UnimplementedInfoServer
	delay time.Duration
}

func (i *info) GetInfo(ctx context.Context, _ *docking.GetInfoRequest) (
	*docking.GetInfoResponse, error) {
	timer := time.NewTimer(i.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	id := "none"
	if given := metadata.ValueFromIncomingContext(ctx, "x-correlation-id"); len(given) > 0 {
		id = given[0]
	}
	return &docking.GetInfoResponse{Result: "success", Id: id}, nil
}

func (*info) GetIndex(context.Context, *docking.GetIndexRequest) (*httpbody.HttpBody, error) {
	return &httpbody.HttpBody{ContentType: "text/plain", Data: []byte("Docking API")}, nil
}
