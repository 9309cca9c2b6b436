package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"slipway/peers/docking"
)

func runGateway(args []string) error {
	flags := flag.NewFlagSet("gateway", flag.ExitOnError)
	address := flags.String("listen", "127.0.0.1:0", "address to serve REST on")
	backend := flags.String("backend", "", "HOST:PORT of the gRPC server")
	accessLog := flags.String("access-log", "", "file that gets a line for each request")
	flags.Parse(args)

	ctx := context.Background()
	mux := runtime.NewServeMux()
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	for _, register := range []func(context.Context, *runtime.ServeMux, string, []grpc.DialOption) error{
		docking.RegisterUsersHandlerFromEndpoint,
		docking.RegisterCustomersHandlerFromEndpoint,
		docking.RegisterInfoHandlerFromEndpoint,
	} {
		if err := register(ctx, mux, *backend, options); err != nil {
			return err
		}
	}
	var handler http.Handler = mux
	if *accessLog != "" {
		file, err := os.OpenFile(*accessLog, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
		if err != nil {
			return err
		}
		handler = withAccessLog(mux, file)
	}
	listener, err := listen(*address)
	if err != nil {
		return err
	}
	return http.Serve(listener, handler)
}

// withAccessLog writes peer, method, target, status, bytes and microseconds of each request, through a
// buffer that one goroutine owns, so that the log costs no more than it must.
func withAccessLog(next http.Handler, file *os.File) http.Handler {
	lines := make(chan string, 4096)
	go func() {
		writer := bufio.NewWriterSize(file, 64<<10)
		for line := range lines {
			writer.WriteString(line)
			if len(lines) == 0 {
				writer.Flush()
			}
		}
	}()
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		start := time.Now()
		counted := &countingWriter{ResponseWriter: response, status: http.StatusOK}
		next.ServeHTTP(counted, request)
		lines <- fmt.Sprintf("%s %s %s %s %d %d %d\n", start.Format("2006-01-02T15:04:05.000000"),
			request.RemoteAddr, request.Method, request.RequestURI, counted.status, counted.bytes,
			time.Since(start).Microseconds())
	})
}

type countingWriter struct {
	http.ResponseWriter
	status int
	bytes  int
}

func (w *countingWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *countingWriter) Write(data []byte) (int, error) {
	n, err := w.ResponseWriter.Write(data)
	w.bytes += n
	return n, err
}
